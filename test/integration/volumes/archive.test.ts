import { strict as assert } from 'node:assert';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { RegistryServer } from '@tinyd/registry';
import { filter } from '../../support/archives';
import { makeCanary } from '../../support/canary';
import { type LayerEntry, tarOf } from '../../support/image-builder';
import type { Tinyd } from '../../support/tinyd';
import { serveImages, tinydFor } from './volume-image';

describe('volumes as archives', function () {
  this.timeout(60_000);
  let registry: RegistryServer;
  let tinyd: Tinyd;

  before(async () => {
    registry = await serveImages([{ name: 'busybox', layers: [] }]);
  });
  after(() => registry.close());
  beforeEach(() => {
    tinyd = tinydFor(registry);
  });
  afterEach(() => tinyd.dispose());

  const data = (name: string, ...path: string[]): string =>
    join(tinyd.root, 'volumes', name, '_data', ...path);

  it('are exported and imported with owners, modes, times and links', async () => {
    const script =
      'cd /v; mkdir -m 750 d; echo hello > d/f; chown 7:8 d/f; chmod 4755 d/f; ln d/f twin; ln -s /etc/shadow out; mkfifo p; chown 999:998 /v; chmod 1700 /v; touch -d 2020-02-02 d';
    await tinyd.ok('run', '--rm', '-v', 'one:/v', 'busybox', 'sh', '-c', script);
    const file = join(tinyd.base, 'one.tar');
    await tinyd.ok('volume', 'export', '-o', file, 'one');
    await tinyd.ok('volume', 'create', 'two');
    await tinyd.ok('volume', 'import', 'two', file);
    for (const path of ['.', 'd', 'd/f', 'twin', 'out', 'p']) {
      const [was, is] = [lstatSync(data('one', path)), lstatSync(data('two', path))];
      const facts = (of: typeof was) => [
        of.mode,
        of.uid,
        of.gid,
        of.size,
        of.nlink,
        Math.trunc(of.mtimeMs / 1000),
      ];
      assert.deepEqual(facts(is), facts(was), path);
    }
    assert.equal(readFileSync(data('two', 'twin'), 'utf8'), 'hello\n');
    assert.equal(readlinkSync(data('two', 'out')), '/etc/shadow');
    assert.equal(statSync(data('two', 'twin')).ino, statSync(data('two', 'd/f')).ino);

    const piped = await tinyd.run(['volume', 'export', 'two']);
    await tinyd.ok('volume', 'create', 'three');
    const imported = await tinyd.run(['volume', 'import', 'three', '-'], Buffer.from(piped.stdout, 'latin1'));
    assert.equal(imported.code, 0, imported.stderr);
    assert.deepEqual(readdirSync(data('three')).sort(), ['d', 'out', 'p', 'twin']);
  });

  for (const program of ['gzip', 'xz', 'bzip2', 'zstd']) {
    it(`are read when ${program} has compressed them`, async () => {
      const archive = await tarOf([{ name: 'f', content: 'packed' }]);
      const file = join(tinyd.base, 'packed');
      writeFileSync(file, filter(program, ['-c'], archive));
      await tinyd.ok('volume', 'create', 'one');
      await tinyd.ok('volume', 'import', 'one', file);
      assert.equal(readFileSync(data('one', 'f'), 'utf8'), 'packed');
      await tinyd.ok('volume', 'create', 'two');
      const cut = await tinyd.run(['volume', 'import', 'two'], readFileSync(file).subarray(0, 60));
      assert.match(cut.stderr, /cannot read standard input.*ERR_TINYD_ARCHIVE_INVALID.*give a tar archive/);
      assert.deepEqual(readdirSync(data('two')), []);
    });
  }

  it('of a volume that stands for a folder of the host are of that folder', async () => {
    const folder = join(tinyd.base, 'folder');
    mkdirSync(folder);
    await tinyd.ok('volume', 'create', '-o', 'type=none', '-o', 'o=bind', '-o', `device=${folder}`, 'vol');
    const archive = await tarOf([{ name: 'f', content: 'imported' }]);
    assert.equal((await tinyd.run(['volume', 'import', 'vol'], archive)).code, 0);
    assert.equal(readFileSync(join(folder, 'f'), 'utf8'), 'imported');
    const piped = await tinyd.run(['volume', 'export', 'vol']);
    assert.deepEqual(filter('tar', ['tf', '-'], Buffer.from(piped.stdout, 'latin1')).toString(), './\nf\n');
    await tinyd.ok('create', '--name', 'box', '-v', 'vol:/v', 'busybox');
    await tinyd.ok('cp', join(folder, 'f'), 'box:/v/g');
    assert.deepEqual(readdirSync(folder).sort(), ['f', 'g']);
    await tinyd.ok('rm', '-v', 'box');
    await tinyd.ok('volume', 'prune', '-af');
    assert.deepEqual(readdirSync(folder).sort(), ['f', 'g'], 'removed behind a bind');
    await tinyd.ok('volume', 'create', '-o', 'o=bind', '-o', 'device=/absent', 'lost');
    const lost = await tinyd.run(['run', '--rm', '-v', 'lost:/v', 'busybox', 'true']);
    assert.match(lost.stderr, /mount volume lost: \/absent: no such folder on the host.*MOUNT_INVALID/);
  });

  it('leave a folder of the host as private as it was, and one that is read-only alone', async () => {
    const folder = join(tinyd.base, 'folder');
    mkdirSync(folder, { mode: 0o700 });
    const stands = ['-o', 'type=none', '-o', `device=${folder}`];
    await tinyd.ok('volume', 'create', ...stands, '-o', 'o=bind,ro', 'kept');
    const archive = await tarOf([{ name: 'f', content: 'imported' }]);
    const refused = await tinyd.run(['volume', 'import', 'kept'], archive);
    assert.match(refused.stderr, /import into volume kept: it is read-only .*COPY_TARGET/);
    await tinyd.ok('run', '--rm', '-v', 'kept:/home', 'busybox', 'true');
    assert.deepEqual(readdirSync(folder), [], 'filled from the image');
    await tinyd.ok('volume', 'create', ...stands, '-o', 'o=bind', 'open');
    assert.equal((await tinyd.run(['volume', 'import', 'open'], archive)).code, 0);
    assert.equal(statSync(folder).mode & 0o777, 0o700);
  });

  it('go into empty volumes that are there', async () => {
    const archive = await tarOf([{ name: 'f', content: 'new' }]);
    await tinyd.ok('volume', 'create', 'full');
    writeFileSync(data('full', 'mine'), 'mine');
    const full = await tinyd.run(['volume', 'import', 'full', '-'], archive);
    assert.equal(full.code, 1);
    assert.match(full.stderr, /import into volume full: it has content/);
    assert.deepEqual(readdirSync(data('full')), ['mine']);
    for (const args of [
      ['import', 'absent', '-'],
      ['export', 'absent'],
      ['export', '../volumes/full'],
    ]) {
      assert.match((await tinyd.run(['volume', ...args], archive)).stderr, /no such volume/);
    }
    await tinyd.ok('volume', 'create', 'empty');
    const unread = await tinyd.run(['volume', 'import', 'empty', '/absent.tar']);
    assert.match(unread.stderr, /read \/absent.tar: ENOENT/);
    const nothing = await tinyd.run(['volume', 'import', 'empty']);
    assert.match(nothing.stderr, /import into volume empty: the archive is empty .*LAYER_INVALID/);
    assert.equal(nothing.code, 1);
  });

  const hostile: Readonly<Record<string, readonly LayerEntry[]>> = {
    'a name with ..': [{ name: '../../canary/file', content: 'x' }],
    'a file below a link': [
      { name: 'way', type: 'symlink', linkname: '../../../canary' },
      { name: 'way/file', content: 'x' },
    ],
    'a folder where a link is': [
      { name: 'way', type: 'symlink', linkname: '/etc' },
      { name: 'way/', type: 'directory', mode: 0o777 },
    ],
    'a hard link to the outside': [{ name: 'hard', type: 'link', linkname: '../../../canary/file' }],
    'a hard link through a link': [
      { name: 'way', type: 'symlink', linkname: '../../../canary' },
      { name: 'hard', type: 'link', linkname: 'way/file' },
    ],
    'a hard link to what is not there': [{ name: 'hard', type: 'link', linkname: '/etc/passwd' }],
  };
  for (const [name, entries] of Object.entries(hostile)) {
    it(`that hold ${name} change nothing`, async () => {
      const canary = makeCanary(join(tinyd.root, 'canary'));
      await tinyd.ok('volume', 'create', 'vol');
      const archive = await tarOf([{ name: 'good', content: 'good' }, ...entries]);
      const { code, stderr } = await tinyd.run(['volume', 'import', 'vol', '-'], archive);
      assert.equal(code, 1);
      assert.match(stderr, /ERR_TINYD_/);
      assert.doesNotMatch(stderr, /ERR_TINYD_INTERNAL/);
      canary.check();
      assert.deepEqual(readdirSync(data('vol')), [], 'half an archive stayed');
      assert.deepEqual(readdirSync(join(tinyd.root, 'volumes', 'vol')).sort(), ['_data', 'volume.json']);
    });
  }

  it('that are cut off, or are none, change nothing', async () => {
    await tinyd.ok('volume', 'create', 'vol');
    const archive = await tarOf([{ name: 'f', content: Buffer.alloc(100_000, 'x') }]);
    for (const bytes of [
      archive.subarray(0, 50_000),
      Buffer.from('no archive at all'),
      Buffer.alloc(3000, 'y'),
    ]) {
      const { code, stderr } = await tinyd.run(['volume', 'import', 'vol', '-'], bytes);
      assert.equal(code, 1, `${bytes.length} bytes: ${stderr}`);
      assert.match(stderr, /ERR_TINYD_LAYER_INVALID/, `${bytes.length} bytes`);
      assert.deepEqual(readdirSync(data('vol')), []);
    }
    assert.deepEqual(readdirSync(join(tinyd.root, 'volumes', 'vol')).sort(), ['_data', 'volume.json']);
  });

  it('are what cp reaches in a container that does not run', async () => {
    await tinyd.ok('volume', 'create', 'vol');
    await tinyd.ok('run', '--rm', '-v', 'vol:/v', 'busybox', 'sh', '-c', 'mkdir /v/sub; ln -s / /v/sub/out');
    await tinyd.ok(
      'create',
      '--name',
      'c',
      '-v',
      'vol:/v',
      '--mount',
      'type=volume,src=vol,dst=/part,volume-subpath=sub',
      'busybox',
    );
    const host = join(tinyd.base, 'f');
    writeFileSync(host, 'copied');
    await tinyd.ok('cp', host, 'c:/v/whole');
    await tinyd.ok('cp', host, 'c:/part/piece');
    assert.equal(readFileSync(data('vol', 'whole'), 'utf8'), 'copied');
    assert.equal(readFileSync(data('vol', 'sub', 'piece'), 'utf8'), 'copied');
  });
});
