import assert from 'node:assert/strict';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { scratch, unpackTar } from '../../support/layer-folder';
import { directory, file, gnuLong, hardLink, member, symlink, tar } from '../../support/tar-bytes';

describe('hardening 1a: one name several times in a layer', () => {
  const temporary = scratch();
  after(() => temporary.remove());
  const unpack = (...members: Buffer[]) => unpackTar(temporary.path, tar(...members));

  const kinds: Record<string, { members: Buffer[]; check(path: string): boolean }> = {
    file: { members: [file('n', 'file')], check: path => readFileSync(path, 'utf8') === 'file' },
    folder: {
      members: [directory('n'), file('n/below', 'x')],
      check: path => readFileSync(join(path, 'below'), 'utf8') === 'x',
    },
    link: { members: [symlink('n', 'elsewhere')], check: path => readlinkSync(path) === 'elsewhere' },
    'hard link': {
      members: [file('other', 'other'), hardLink('n', 'other')],
      check: path => readFileSync(path, 'utf8') === 'other',
    },
    fifo: { members: [member({ name: 'n', type: '6' })], check: path => lstatSync(path).isFIFO() },
    device: {
      members: [member({ name: 'n', type: '3', major: 1, minor: 3 })],
      check: path => lstatSync(path).rdev === 0x103,
    },
  };
  for (const [before, first] of Object.entries(kinds)) {
    for (const [after, second] of Object.entries(kinds)) {
      it(`the last one wins: ${before}, then ${after}`, async () => {
        const { dir } = await unpack(...first.members, ...second.members);
        assert.ok(second.check(join(dir, 'n')));
      });
    }
  }

  it('file, folder, link, file of one name', async () => {
    const { dir } = await unpack(
      file('n', '1'),
      directory('n'),
      file('n/a/b/c', 'x'),
      symlink('n', '/etc'),
      file('n', '2'),
    );
    assert.equal(readFileSync(join(dir, 'n'), 'utf8'), '2');
    assert.deepEqual(readdirSync(dir), ['n']);
  });

  it('a folder replaced by a link: members after it follow the link inside the layer', async () => {
    const { dir } = await unpack(
      directory('d'),
      file('d/1', 'x'),
      directory('e'),
      symlink('d', 'e'),
      file('d/2', 'y'),
    );
    assert.deepEqual(readdirSync(join(dir, 'e')), ['2']);
  });

  it('a folder over a folder takes the later metadata and keeps the content', async () => {
    const { dir } = await unpack(
      directory('d', { mode: 0o700 }),
      file('d/1', 'x'),
      directory('d', { mode: 0o755, uid: 5 }),
    );
    assert.equal(lstatSync(join(dir, 'd')).mode & 0o7777, 0o755);
    assert.equal(lstatSync(join(dir, 'd')).uid, 5);
    assert.ok(existsSync(join(dir, 'd/1')));
  });

  it('a folder that goes takes its records along: no implied folders, links or whiteouts are left', async () => {
    const { dir, impliedDirs, pendingLinks } = await unpack(
      file('d/e/.wh.gone'),
      hardLink('d/e/pending', 'lower'),
      file('d/e/f', 'x'),
      file('d', 'now a file'),
    );
    assert.equal(readFileSync(join(dir, 'd'), 'utf8'), 'now a file');
    assert.deepEqual(impliedDirs.map(String), ['']);
    assert.deepEqual(pendingLinks, []);
  });

  it('a link to a target that goes later keeps the content', async () => {
    const { dir } = await unpack(file('a', 'kept'), hardLink('b', 'a'), directory('a'));
    assert.equal(readFileSync(join(dir, 'b'), 'utf8'), 'kept');
  });

  it('a hard link to itself changes nothing', async () => {
    const { dir } = await unpack(file('a', 'kept'), hardLink('a', './a'));
    assert.equal(readFileSync(join(dir, 'a'), 'utf8'), 'kept');
  });

  it('removes a deep tree without running out of stack or descriptors', async () => {
    const deep = Array.from({ length: 1500 }, () => 'd').join('/');
    const { dir } = await unpack(gnuLong('L', `${deep}/f`), file('x', 'x'), file('d', 'flat'));
    assert.equal(readFileSync(join(dir, 'd'), 'utf8'), 'flat');
  });
});
