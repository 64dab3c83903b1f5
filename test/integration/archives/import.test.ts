import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { filter, keptBy } from '../../support/archives';
import { tarOf } from '../../support/image-builder';
import { treeOf } from '../../support/store-files';
import { Tinyd } from '../../support/tinyd';

describe('import', function () {
  this.timeout(120_000);
  let tinyd: Tinyd;
  let rootfs: Buffer;

  before(async () => {
    rootfs = await tarOf([
      { name: 'bin/', type: 'directory' },
      { name: 'bin/busybox', mode: 0o4755, content: readFileSync('/bin/busybox') },
      { name: 'bin/sh', type: 'symlink', linkname: 'busybox' },
      { name: 'home/', type: 'directory', mode: 0o1777, uid: 1000, gid: 1001 },
    ]);
  });

  beforeEach(() => {
    tinyd = new Tinyd();
  });
  afterEach(() => tinyd.dispose());

  const write = (name: string, bytes: Uint8Array) => {
    const path = join(tinyd.base, name);
    writeFileSync(path, bytes);
    return path;
  };

  it('makes an image that runs, with what --change says', async () => {
    const path = write('rootfs.tar', rootfs);
    const changes = [
      'CMD ["sh", "-c", "echo $GREETING; id -u; pwd"]',
      'ENV GREETING="good day"',
      'USER 1000',
      'WORKDIR /home',
    ];
    const words = changes.flatMap(change => ['-c', change]);
    const id = await tinyd.ok('import', ...words, '-m', 'from a test', path, 'mine:1');
    assert.match(id, /^sha256:[0-9a-f]{64}$/);
    const [inspected] = JSON.parse(await tinyd.ok('inspect', 'mine:1'));
    assert.deepEqual([inspected.Id, inspected.Comment, inspected.RepoTags], [id, 'from a test', ['mine:1']]);
    assert.equal(await tinyd.ok('run', '--rm', '--network', 'none', 'mine:1'), 'good day\n1000\n/home');
  });

  for (const [program, words] of [
    ['gzip', ['-c']],
    ['zstd', ['-q', '-c']],
    ['xz', ['-c']],
    ['bzip2', ['-c']],
  ] as const) {
    it(`takes ${program} by its bytes, from standard input, and keeps modes and owners`, async () => {
      const outcome = await tinyd.run(['import', '-'], filter(program, words, rootfs));
      assert.equal(outcome.code, 0, outcome.stderr);
      const id = outcome.stdout.trim();
      const [inspected] = JSON.parse(await tinyd.ok('inspect', id));
      assert.deepEqual(inspected.RepoTags, []);
      const plain = await tinyd.ok('import', write('plain', rootfs));
      const [other] = JSON.parse(await tinyd.ok('inspect', plain));
      assert.deepEqual(inspected.RootFS, other.RootFS);
      const tree = treeOf(inspected.GraphDriver.Data.UpperDir);
      assert.ok(
        tree.some(line => line.startsWith('bin/busybox 104755 0:0')),
        tree.join('\n'),
      );
      assert.ok(
        tree.some(line => line.startsWith('home 41777 1000:1001')),
        tree.join('\n'),
      );
    });
  }

  it('is a source for save: skopeo reads what was imported', async () => {
    await tinyd.ok('import', '--platform', 'linux/arm64/v8', write('rootfs.tar', rootfs), 'mine:1');
    const saved = join(tinyd.base, 'saved.tar');
    await tinyd.ok('save', '-o', saved, 'mine:1');
    const facts = JSON.parse(
      execFileSync('skopeo', ['inspect', `oci-archive:${saved}`], { encoding: 'utf8' }),
    );
    assert.deepEqual([facts.Architecture, facts.Os], ['arm64', 'linux']);
  });

  it('says which program is missing, before anything is made', async () => {
    const path = write('rootfs.xz', filter('xz', ['-c'], rootfs));
    const outcome = await tinyd.run(['import', path]);
    assert.equal(outcome.code, 0);
    // The program is looked for in the system's folders alone: what PATH says does not count.
    const folder = join(tinyd.base, 'path');
    mkdirSync(folder);
    writeFileSync(join(folder, 'xz'), '#!/bin/sh\ntouch "$0.ran"\n', { mode: 0o755 });
    symlinkSync(process.execPath, join(folder, 'node'));
    const own = new Tinyd({ PATH: `${folder}:${process.env.PATH}` });
    assert.equal((await own.run(['import', path])).code, 0);
    assert.ok(!readdirSync(folder).includes('xz.ran'));
    await own.dispose();
  });

  it('refuses what is no root file system, and leaves nothing', async () => {
    await tinyd.ok('import', write('rootfs.tar', rootfs), 'kept:1');
    const before = keptBy(tinyd.root);
    for (const [bytes, code] of [
      [Buffer.alloc(0), 'ERR_TINYD_ARCHIVE_INVALID'],
      [Buffer.from('hello'), 'ERR_TINYD_ARCHIVE_INVALID'],
      [rootfs.subarray(0, 3000), 'ERR_TINYD_ARCHIVE_INVALID'],
      [filter('gzip', ['-c'], rootfs).subarray(0, 3000), 'ERR_TINYD_ARCHIVE_INVALID'],
      [filter('xz', ['-c'], rootfs).subarray(0, 3000), 'ERR_TINYD_ARCHIVE_INVALID'],
      [filter('bzip2', ['-c'], rootfs).subarray(0, 3000), 'ERR_TINYD_ARCHIVE_INVALID'],
      [await tarOf([{ name: '../escape', content: 'x' }]), 'ERR_TINYD_LAYER_ESCAPE'],
    ] as const) {
      const { code: status, stderr } = await tinyd.run(['import', '-', 'bad:1'], bytes);
      assert.equal(status, 1);
      assert.match(stderr, new RegExp(`^tinyd import: .*\\(${code}\\)`));
      assert.deepEqual(keptBy(tinyd.root), before);
    }
    for (const [words, message] of [
      [[tinyd.base], /it is a folder/],
      [['/nothing'], /no such file/],
      [['https://example.org/x.tar'], /curl -fL/],
      [['-', 'UPPER'], /lowercase/],
      [['-', `a@sha256:${'0'.repeat(64)}`], /by a digest/],
      [['-c', 'FROM x', '-'], /want one of CMD/],
    ] as const) {
      const { code, stderr } = await tinyd.run(['import', ...words], rootfs);
      assert.equal(code, 1);
      assert.match(stderr, message);
    }
    assert.deepEqual(keptBy(tinyd.root), before);
  });
});
