import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { listXattrs, settleLayer } from '@tinyd/native';
import { scratch, unpackTar } from '../../support/layer-folder';
import { directory, file, hardLink, member, pax, symlink, tar } from '../../support/tar-bytes';
import { content, listing } from '../../support/tree-listing';

describe('settling a layer on those below it', () => {
  const temporary = scratch();
  after(() => temporary.remove());

  /** Unpacks and settles layers, lowest first; returns their folders, nearest first. */
  async function stack(...layers: readonly (readonly Buffer[])[]): Promise<string[]> {
    const dirs: string[] = [];
    for (const members of layers) {
      const { dir, impliedDirs, whiteouts, pendingLinks } = await unpackTar(temporary.path, tar(...members));
      await settleLayer({
        targetDir: dir,
        lowerDirs: [...dirs],
        impliedDirs,
        whiteouts,
        pendingLinks,
        overlayXattr: 'trusted',
      });
      dirs.unshift(dir);
    }
    return dirs;
  }
  const top = async (...layers: readonly (readonly Buffer[])[]) => (await stack(...layers))[0] ?? '';

  it('an implied folder takes mode, owner, times and attributes of the nearest lower layer that has it', async () => {
    const note = pax([
      ['mtime', '1234567890.123456789'],
      ['SCHILY.xattr.user.note', 'lower'],
    ]);
    const dir = await top(
      [directory('a', { mode: 0o700 }), directory('a/b', { mode: 0o711 })],
      [note, directory('a', { mode: 0o2750, uid: 5, gid: 6 })],
      [file('unrelated')],
      [file('a/b/c', 'x')],
    );
    const a = statSync(join(dir, 'a'), { bigint: true });
    assert.equal(a.mode & 0o7777n, 0o2750n);
    assert.deepEqual([a.uid, a.gid], [5n, 6n]);
    assert.equal(a.mtimeNs, 1234567890123456789n);
    assert.deepEqual(
      listXattrs(join(dir, 'a')).map(({ name, value }) => [name, String(value)]),
      [['user.note', 'lower']],
    );
    assert.equal(statSync(join(dir, 'a/b')).mode & 0o7777, 0o711);
  });

  it('the root is a folder like others', async () => {
    const dir = await top([directory('./', { mode: 0o1755, uid: 3 })], [file('a')]);
    assert.equal(statSync(dir).mode & 0o7777, 0o1755);
    assert.equal(statSync(dir).uid, 3);
  });

  for (const [title, between] of Object.entries({
    'a whiteout': [file('.wh.a')],
    'an opaque parent': [file('.wh..wh..opq')],
    'a file': [file('a', 'x')],
    'a symbolic link': [symlink('a', 'b')],
  })) {
    it(`${title} in between hides the lower folder`, async () => {
      const dir = await top([directory('a', { mode: 0o700 }), directory('b', { mode: 0o700 })], between, [
        file('a/f'),
      ]);
      assert.equal(statSync(join(dir, 'a')).mode & 0o7777, 0o755);
    });
  }

  it("an opaque marker hides the folder's content, not its metadata", async () => {
    const dir = await top(
      [directory('a', { mode: 0o700 }), directory('a/b', { mode: 0o700 })],
      [file('a/.wh..wh..opq'), file('a/b/c')],
    );
    assert.equal(statSync(join(dir, 'a')).mode & 0o7777, 0o700);
    assert.equal(statSync(join(dir, 'a/b')).mode & 0o7777, 0o755);
    assert.ok(listXattrs(join(dir, 'a')).some(({ name }) => name === 'trusted.overlay.opaque'));
  });

  it('opaque marks of lower layers are not taken over', async () => {
    const dir = await top([directory('a', { mode: 0o700 }), file('a/.wh..wh..opq')], [file('a/b')]);
    assert.deepEqual(listXattrs(join(dir, 'a')), []);
    assert.equal(statSync(join(dir, 'a')).mode & 0o7777, 0o700);
  });

  it('links into lower layers copy their target up once, with everything', async () => {
    const lower = [
      directory('bin', { mode: 0o711 }),
      pax([
        ['mtime', '1234567890.5'],
        ['SCHILY.xattr.user.note', 'kept'],
        ['SCHILY.xattr.security.capability', Buffer.from('0100000200200000000000000000000000000000', 'hex')],
      ]),
      file('bin/busybox', 'program', { mode: 0o4755, uid: 7, gid: 8 }),
    ];
    const upper = [
      directory('sbin', { mtime: 1_000_000_000 }),
      hardLink('sbin/ls', 'bin/busybox'),
      hardLink('sbin/cp', '/bin/busybox'),
      hardLink('sbin/mv', 'sbin/cp'),
    ];
    const [dir = '', below = ''] = await stack(lower, upper);
    const before = listing(below);
    const target = content(below).find(line => line.startsWith('bin/busybox ')) ?? '';
    const copied = content(dir).find(line => line.startsWith('bin/busybox ')) ?? '';
    assert.equal(copied.replace(/ nlink 4 first/, ''), target);
    const inodes = ['bin/busybox', 'sbin/ls', 'sbin/cp', 'sbin/mv'].map(
      name => statSync(join(dir, name)).ino,
    );
    assert.equal(new Set(inodes).size, 1);
    assert.equal(statSync(join(dir, 'bin')).mode & 0o7777, 0o711);
    assert.equal(statSync(join(dir, 'sbin')).mtimeMs, 1_000_000_000_000);
    assert.equal(statSync(join(dir, 'bin')).mtimeMs, 1_600_000_000_000);
    assert.deepEqual(listing(below), before);
  });

  it('copies links, fifos and devices up as what they are', async () => {
    const dir = await top(
      [
        symlink('link', '../nowhere', { uid: 4 }),
        member({ name: 'pipe', type: '6', mode: 0o622 }),
        member({ name: 'null', type: '3', major: 1, minor: 3, mode: 0o666 }),
      ],
      [hardLink('l', 'link'), hardLink('p', 'pipe'), hardLink('n', 'null')],
    );
    assert.equal(readlinkSync(join(dir, 'l')), '../nowhere');
    assert.equal(lstatSync(join(dir, 'l')).uid, 4);
    assert.ok(lstatSync(join(dir, 'p')).isFIFO());
    assert.equal(lstatSync(join(dir, 'n')).rdev, 0x103);
    assert.equal(lstatSync(join(dir, 'n')).mode & 0o777, 0o666);
  });

  it('keeps the holes of a sparse file', async () => {
    const source = mkdtempSync(join(temporary.path, 'holes-'));
    execFileSync('sh', ['-c', 'printf data | dd of=f bs=1M seek=20 status=none; truncate -s 50M f'], {
      cwd: source,
    });
    const lower = execFileSync('tar', ['-C', source, '-S', '-cf', '-', 'f'], { maxBuffer: 1 << 28 });
    const below = await unpackTar(temporary.path, lower);
    const above = await unpackTar(temporary.path, tar(hardLink('g', 'f')));
    await settleLayer({ targetDir: above.dir, lowerDirs: [below.dir], overlayXattr: 'trusted', ...above });
    const copy = statSync(join(above.dir, 'g'));
    assert.equal(copy.size, 50 << 20);
    assert.ok(copy.blocks * 512 < 1 << 20);
    assert.ok(readFileSync(join(above.dir, 'g')).equals(readFileSync(join(source, 'f'))));
  });

  it('follows symbolic links in lower layers as the merged root would, and none out of it', async () => {
    const dir = await top(
      [
        directory('usr/lib'),
        file('usr/lib/x', 'inside'),
        symlink('lib', '/usr/lib'),
        symlink('up', '../../../lib'),
      ],
      [hardLink('y', 'lib/x'), hardLink('z', 'up/x')],
    );
    assert.equal(readFileSync(join(dir, 'y'), 'utf8'), 'inside');
    assert.equal(statSync(join(dir, 'z')).ino, statSync(join(dir, 'y')).ino);
    assert.ok(existsSync(join(dir, 'usr/lib/x')));
  });

  it('a symbolic link in a lower layer cannot lead to the host', async () => {
    const layers = [
      [symlink('host', '/etc'), symlink('up', '../../../../../../etc')],
      [hardLink('a', 'host/passwd')],
    ];
    await assert.rejects(stack(...layers), { code: 'ARCHIVE' });
    await assert.rejects(stack(layers[0] ?? [], [hardLink('a', 'up/passwd')]), { code: 'ARCHIVE' });
  });

  for (const [title, layers] of Object.entries({
    'no layer has it': [[file('a')], [hardLink('b', 'c')]],
    'it was deleted in between': [[file('a')], [file('.wh.a')], [hardLink('b', 'a')]],
    'its folder was deleted in between': [[file('d/a')], [file('.wh.d')], [hardLink('b', 'd/a')]],
    'its folder became opaque': [[file('d/a')], [file('d/.wh..wh..opq')], [hardLink('b', 'd/a')]],
    'the layer itself deletes it': [[file('a')], [file('.wh.a'), hardLink('b', 'a')]],
    'it is a folder': [[directory('a')], [hardLink('b', 'a')]],
  })) {
    it(`a link whose target cannot be had is an error that names it: ${title}`, async () => {
      await assert.rejects(stack(...layers), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'ARCHIVE');
        assert.match(error.message, /"b"/);
        return true;
      });
    });
  }

  it('may be repeated', async () => {
    const below = await unpackTar(temporary.path, tar(file('a', 'x'), directory('d', { mode: 0o700 })));
    const above = await unpackTar(temporary.path, tar(hardLink('b', 'a'), file('d/e')));
    const options = {
      targetDir: above.dir,
      lowerDirs: [below.dir],
      overlayXattr: 'trusted',
      ...above,
    } as const;
    await settleLayer(options);
    const once = listing(above.dir);
    await settleLayer(options);
    assert.deepEqual(listing(above.dir), once);
  });

  it('paths that point out of the layer are refused', async () => {
    const { dir } = await unpackTar(temporary.path, tar(file('a')));
    const options = {
      targetDir: dir,
      lowerDirs: [],
      impliedDirs: [],
      whiteouts: [],
      pendingLinks: [],
      overlayXattr: 'trusted',
    } as const;
    await assert.rejects(settleLayer({ ...options, impliedDirs: [Buffer.from('../x')] }), { code: 'ESCAPE' });
    const pendingLinks = [{ path: Buffer.from('../x'), target: Buffer.from('a') }];
    await assert.rejects(settleLayer({ ...options, pendingLinks }), { code: 'ESCAPE' });
    assert.deepEqual(readdirSync(dir), ['a']);
  });

  it('a missing folder is an error of the system, with its path', async () => {
    await assert.rejects(
      settleLayer({
        targetDir: '/nowhere/at/all',
        lowerDirs: [],
        impliedDirs: [],
        whiteouts: [],
        pendingLinks: [],
        overlayXattr: 'trusted',
      }),
      { code: 'ENOENT', syscall: 'open', path: '/nowhere/at/all' },
    );
  });
});
