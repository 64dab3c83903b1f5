import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { filter } from '../../support/archives';
import { type LayerEntry, tarOf } from '../../support/image-builder';
import { Tinyd } from '../../support/tinyd';

const busybox: LayerEntry[] = [
  { name: 'bin/', type: 'directory' },
  { name: 'bin/cat', mode: 0o755, content: readFileSync('/bin/busybox') },
];

/** `tinyd run ./rootfs.tar.xz`, `tinyd run ./folder`. */
describe('a root file system of this machine in place of an image', function () {
  this.timeout(180_000);
  let tinyd: Tinyd;
  let rootfs: Buffer;

  before(async () => {
    rootfs = await tarOf([
      { name: 'bin/', type: 'directory' },
      { name: 'bin/busybox', mode: 0o755, content: readFileSync('/bin/busybox') },
      { name: 'bin/sh', type: 'symlink', linkname: 'busybox' },
      { name: 'bin/cat', type: 'link', linkname: 'bin/busybox' },
      { name: 'owned', content: 'from the archive\n', uid: 1000, gid: 7, mode: 0o640 },
    ]);
  });

  beforeEach(() => {
    tinyd = new Tinyd();
    writeFileSync(join(tinyd.base, 'rootfs.tar'), rootfs);
  });
  afterEach(() => tinyd.dispose());

  const run = (operand: string, ...words: string[]) =>
    tinyd.ok('run', '--rm', '--network', 'none', operand, ...words);
  const imageIds = async () => (await tinyd.ok('images', '-q', '--no-trunc')).split('\n').filter(Boolean);
  const unpack = (folder: string) => {
    mkdirSync(join(tinyd.base, folder), { mode: 0o755 });
    filter('tar', ['-xpf', '-', '-C', join(tinyd.base, folder)], rootfs);
  };

  for (const [suffix, program, words] of [
    ['gz', 'gzip', ['-c']],
    ['xz', 'xz', ['-c']],
    ['zst', 'zstd', ['-q', '-c']],
    ['bz2', 'bzip2', ['-c']],
  ] as const) {
    it(`runs an archive compressed by ${program}`, async () => {
      writeFileSync(join(tinyd.base, `r.tar.${suffix}`), filter(program, words, rootfs));
      assert.equal(await run(`./r.tar.${suffix}`, 'cat', '/owned'), 'from the archive');
    });
  }

  it('runs an archive by its name alone, by a path, and from create', async () => {
    assert.equal(await run('rootfs.tar', 'cat', '/owned'), 'from the archive');
    assert.equal(await run(join(tinyd.base, 'rootfs.tar'), 'cat', '/owned'), 'from the archive');
    const id = await tinyd.ok('create', '--network', 'none', './rootfs.tar', 'sh', '-c', 'exit 3');
    await tinyd.ok('start', id);
    assert.equal(await tinyd.ok('wait', id), '3');
    assert.equal((await imageIds()).length, 1);
  });

  it('reads an archive once, until it changes', async () => {
    const path = join(tinyd.base, 'rootfs.tar');
    await sleep(1100);
    await run('./rootfs.tar', 'cat', '/owned');
    const notes = join(tinyd.root, 'local-roots');
    const [note = '', ...more] = readdirSync(notes);
    assert.deepEqual(more, []);
    assert.deepEqual([readFileSync(join(notes, note), 'utf8')], await imageIds());
    // What the note says is believed: the archive itself is not looked into.
    writeFileSync(
      join(tinyd.base, 'other.tar'),
      await tarOf([...busybox, { name: 'owned', content: 'noted\n' }]),
    );
    const other = await tinyd.ok('create', '--network', 'none', './other.tar', 'cat');
    const [{ Image }] = JSON.parse(await tinyd.ok('inspect', other));
    writeFileSync(join(notes, note), Image);
    assert.equal(await run('./rootfs.tar', 'cat', '/owned'), 'noted');
    const changed = await tarOf([...busybox, { name: 'owned', content: 'something else\n' }]);
    writeFileSync(path, changed);
    assert.equal(await run('./rootfs.tar', 'cat', '/owned'), 'something else');
  });

  it('takes a snapshot of a folder, with modes, owners and links', async () => {
    unpack('tree');
    const show = ['sh', '-c', 'busybox stat -c "%a %u %g" /owned; busybox stat -c %h /bin/cat'];
    assert.equal(await run('./tree', ...show), '640 1000 7\n2');
    assert.equal(await run('tree/', ...show), '640 1000 7\n2');
    assert.equal(await run('./tree', 'sh', '-c', 'echo changed > /owned; cat /owned'), 'changed');
    assert.equal(readFileSync(join(tinyd.base, 'tree/owned'), 'utf8'), 'from the archive\n');
    assert.equal((await imageIds()).length, 1);
    appendFileSync(join(tinyd.base, 'tree/owned'), 'and more\n');
    assert.equal(await run('./tree', 'cat', '/owned'), 'from the archive\nand more');
    assert.equal((await imageIds()).length, 2);
  });

  it('makes one image of folders with the same content, also at once', async () => {
    unpack('one');
    unpack('two');
    // Times of what tar implies differ, so they are set.
    for (const folder of ['one', 'two'])
      filter(
        'find',
        [join(tinyd.base, folder), '-exec', 'touch', '-h', '-d', '@1', '{}', '+'],
        Buffer.alloc(0),
      );
    const outputs = await Promise.all(
      ['./one', './two', './one'].map(folder => run(folder, 'cat', '/owned')),
    );
    assert.deepEqual(outputs, Array(3).fill('from the archive'));
    assert.equal((await imageIds()).length, 1);
  });

  it('makes the image again after it was pruned', async () => {
    await sleep(1100);
    await run('./rootfs.tar', 'cat', '/owned');
    await tinyd.ok('image', 'prune', '-f');
    assert.deepEqual(await imageIds(), []);
    assert.equal(await run('./rootfs.tar', 'cat', '/owned'), 'from the archive');
  });

  it('refuses what cannot be one', async () => {
    writeFileSync(join(tinyd.base, 'text.tar'), 'hello');
    writeFileSync(join(tinyd.base, 'none.tar'), '');
    writeFileSync(join(tinyd.base, 'cut.tar.gz'), gzipSync(Buffer.alloc(2000, 1)).subarray(0, 18));
    for (const [words, message] of [
      [['./nothing'], /no such file or folder/],
      [['/nothing/there.tar'], /no such file or folder/],
      [['text.tar'], /it is no tar archive/],
      [['none.tar'], /it is empty .*give a tar archive of a root file system/],
      [['cut.tar.gz'], /damaged gzip .*give a tar archive of a root file system/],
      [['..'], /the store lies in it/],
      [['--pull', 'always', './rootfs.tar'], /it is not in a registry/],
      [['./rootfs.tar'], /no command specified/],
    ] as const) {
      const outcome = await tinyd.run(['run', '--rm', '--network', 'none', ...words]);
      assert.equal(outcome.code, 125, outcome.stderr);
      assert.match(outcome.stderr, message);
    }
  });
});
