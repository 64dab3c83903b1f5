import assert from 'node:assert/strict';
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listXattrs } from '@tinyd/native';
import { scratch, unpackTar } from '../../support/layer-folder';
import { directory, file, hardLink, symlink, tar } from '../../support/tar-bytes';

const isWhiteout = (path: string) => {
  const stats = lstatSync(path);
  return stats.isCharacterDevice() && stats.rdev === 0;
};
const opaque = (path: string, namespace = 'trusted') =>
  listXattrs(path).some(
    ({ name, value }) => name === `${namespace}.overlay.opaque` && value.toString() === 'y',
  );

describe('hardening 1a: whiteouts in a layer', () => {
  const temporary = scratch();
  after(() => temporary.remove());
  const unpack = (...members: Buffer[]) => unpackTar(temporary.path, tar(...members));

  it('become devices 0:0 without permissions, and imply their folders', async () => {
    const { dir, impliedDirs, entries, contentBytes } = await unpack(file('etc/deep/.wh.passwd'));
    assert.ok(isWhiteout(join(dir, 'etc/deep/passwd')));
    assert.equal(lstatSync(join(dir, 'etc/deep/passwd')).mode & 0o777, 0);
    assert.deepEqual(impliedDirs.map(String), ['', 'etc', 'etc/deep']);
    assert.equal(entries, 1);
    assert.equal(contentBytes, 0);
    assert.deepEqual(readdirSync(join(dir, 'etc/deep')), ['passwd']);
  });

  for (const [where, order] of Object.entries({ first: 0, last: 1, twice: 2 })) {
    it(`an opaque marker makes its folder opaque and stays no file: ${where}`, async () => {
      const marker = file('d/.wh..wh..opq');
      const rest = [directory('d', { mode: 0o700 }), file('d/new', 'x')];
      const members =
        order === 0 ? [marker, ...rest] : order === 1 ? [...rest, marker] : [marker, ...rest, marker];
      const { dir } = await unpack(...members);
      assert.ok(opaque(join(dir, 'd')));
      assert.deepEqual(readdirSync(join(dir, 'd')), ['new']);
      assert.equal(lstatSync(join(dir, 'd')).mode & 0o777, 0o700);
    });
  }

  it('an opaque marker implies its folder', async () => {
    const { dir, impliedDirs } = await unpack(file('d/.wh..wh..opq'));
    assert.ok(opaque(join(dir, 'd')));
    assert.deepEqual(impliedDirs.map(String), ['', 'd']);
  });

  it('an opaque root is marked, too', async () => {
    const { dir } = await unpack(file('.wh..wh..opq'), file('a'));
    assert.ok(opaque(dir));
  });

  it('the attribute is in the user namespace where asked', async () => {
    const { dir } = await unpackTar(temporary.path, tar(file('d/.wh..wh..opq')), { overlayXattr: 'user' });
    assert.ok(opaque(join(dir, 'd'), 'user'));
    assert.ok(!opaque(join(dir, 'd')));
  });

  it('plain whiteouts in or below an opaque folder are left out, whatever the order', async () => {
    const { dir } = await unpack(
      file('a/.wh.x'),
      file('a/b/.wh.x'),
      file('a/.wh..wh..opq'),
      file('a/.wh.y'),
      file('ab/.wh.x'),
    );
    assert.deepEqual(readdirSync(join(dir, 'a')), ['b']);
    assert.deepEqual(readdirSync(join(dir, 'a/b')), []);
    assert.ok(isWhiteout(join(dir, 'ab/x')));
  });

  it('never delete what their own layer adds, before or after them', async () => {
    const { dir, impliedDirs, pendingLinks } = await unpack(
      file('before', 'kept'),
      file('.wh.before'),
      file('.wh.after'),
      file('after', 'kept'),
      symlink('link', 'x'),
      file('.wh.link'),
      hardLink('pending', 'lower'),
      file('.wh.pending'),
      file('.wh.late-link'),
      symlink('late-link', 'x'),
    );
    assert.equal(readFileSync(join(dir, 'before'), 'utf8'), 'kept');
    assert.equal(readFileSync(join(dir, 'after'), 'utf8'), 'kept');
    assert.ok(lstatSync(join(dir, 'link')).isSymbolicLink());
    assert.ok(lstatSync(join(dir, 'late-link')).isSymbolicLink());
    assert.ok(!existsSync(join(dir, 'pending')));
    assert.deepEqual(
      pendingLinks.map(({ path, target }) => [String(path), String(target)]),
      [['pending', 'lower']],
    );
    assert.deepEqual(impliedDirs.map(String), ['']);
  });

  for (const [title, members] of Object.entries({
    'hidden, then listed': [file('.wh.d'), directory('d'), file('d/f', 'x')],
    'hidden, then implied': [file('.wh.d'), file('d/f', 'x')],
    'listed, then hidden': [directory('d'), file('d/f', 'x'), file('.wh.d')],
    'implied, then hidden': [file('d/f', 'x'), file('.wh.d')],
    'hidden, listed, hidden': [file('.wh.d'), directory('d'), file('.wh.d'), file('d/f', 'x')],
  })) {
    it(`a folder that is hidden and given anew shows nothing of the lower one: ${title}`, async () => {
      const { dir, impliedDirs } = await unpack(...members);
      assert.ok(opaque(join(dir, 'd')));
      assert.equal(readFileSync(join(dir, 'd/f'), 'utf8'), 'x');
      assert.deepEqual(impliedDirs.map(String), ['']);
    });
  }

  it('bookkeeping of aufs never appears', async () => {
    const { dir } = await unpack(
      file('.wh..wh.aufs'),
      directory('.wh..wh.orph'),
      directory('.wh..wh.plnk'),
      file('.wh..wh.plnk/123.456', 'x'),
      file('a/.wh..wh.something'),
      file('a/b'),
      file('..wh.x', 'plain'),
      file('x.wh.y', 'plain'),
    );
    assert.deepEqual(readdirSync(dir).sort(), ['..wh.x', 'a', 'x.wh.y']);
    assert.deepEqual(readdirSync(join(dir, 'a')), ['b']);
    assert.ok(lstatSync(join(dir, '..wh.x')).isFile());
  });

  for (const name of ['.wh.', '.wh..', '.wh...', 'a/.wh.', 'a/.wh..', 'a/.wh...', '.wh.x/y']) {
    it(`refuses ${JSON.stringify(name)}, which hides no name`, async () => {
      await assert.rejects(unpack(file('a/b'), file(name)), { code: 'ARCHIVE' });
    });
  }

  it('below a symbolic link of the layer hide the name where the link leads', async () => {
    const { dir } = await unpack(directory('usr/lib'), symlink('lib', 'usr/lib'), file('lib/.wh.x'));
    assert.ok(isWhiteout(join(dir, 'usr/lib/x')));
    assert.ok(lstatSync(join(dir, 'lib')).isSymbolicLink());
  });

  it('a name resolved by dots hides inside of the layer only', async () => {
    const { dir } = await unpack(file('a/../.wh.etc'));
    assert.ok(isWhiteout(join(dir, 'etc')));
    await assert.rejects(unpack(file('a/../../.wh.etc')), { code: 'ESCAPE' });
  });
});
