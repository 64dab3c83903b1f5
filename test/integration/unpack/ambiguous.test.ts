import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratch, unpackTar } from '../../support/layer-folder';
import {
  directory,
  file,
  GNU,
  gnuLong,
  hardLink,
  member,
  pax,
  symlink,
  tar,
  tarHeader,
} from '../../support/tar-bytes';

/** Archives in which readers see different members (CVE-2025-62518, CVE-2026-53655): refused, or read as all do. */
describe('ambiguous archives', () => {
  const temporary = scratch();
  after(() => temporary.remove());
  const unpack = (...members: Buffer[]) => unpackTar(temporary.path, tar(...members));
  const names = async (...members: Buffer[]) => readdirSync((await unpack(...members)).dir).sort();

  /** Content that is a member of its own for whoever takes it for a header. */
  const smuggled = tar(file('hidden', 'x'));

  it("a pax size belongs to the member it precedes, not to a long name's header in between", async () => {
    const long = 'n'.repeat(120);
    const found = await names(
      pax([['size', String(smuggled.length)]]),
      gnuLong('L', long),
      file('short', smuggled, { size: 0 }),
      file('last'),
    );
    assert.deepEqual(found, ['last', long]);
  });
  it('a pax size does not reach the member after', async () => {
    const found = await names(pax([['size', '3']]), file('a', 'abc', { size: 0 }), file('b', smuggled));
    assert.deepEqual(found, ['a', 'b']);
  });
  it('pax and GNU extensions that do not meet are both taken', async () => {
    const found = await names(
      pax([['mtime', '5']]),
      gnuLong('L', 'long'),
      file('a'),
      gnuLong('L', 'other'),
      pax([['uid', '5']]),
      file('b'),
    );
    assert.deepEqual(found, ['long', 'other']);
  });

  for (const [title, members] of Object.entries({
    'two pax headers': [pax([['path', 'a']]), pax([['path', 'b']]), file('c')],
    'two long names': [gnuLong('L', 'a'), gnuLong('L', 'b'), file('c')],
    'two long links': [gnuLong('K', 'a'), gnuLong('K', 'b'), symlink('c', 'd')],
    'a pax path and another long name': [pax([['path', 'a']]), gnuLong('L', 'b'), file('c')],
    'a long name and another pax path': [gnuLong('L', 'b'), pax([['path', 'a']]), file('c')],
    'a pax and another long link': [pax([['linkpath', 'a']]), gnuLong('K', 'b'), symlink('c', 'd')],
    'a global path': [pax([['path', 'a']], 'g'), file('c')],
    'a global size': [pax([['size', '5']], 'g'), file('c')],
    'a global link': [pax([['linkpath', 'a']], 'g'), symlink('c', 'd')],
    'a global attribute': [pax([['SCHILY.xattr.user.x', 'a']], 'g'), file('c')],
    'global sparseness': [pax([['GNU.sparse.size', '5']], 'g'), file('c')],
    'an empty path': [pax([['path', '']]), file('c')],
    'an empty size': [pax([['size', '']]), file('c')],
    'a global header between extension and member': [pax([['path', 'a']]), pax([], 'g'), file('c')],
    'a label between extension and member': [gnuLong('L', 'a'), member({ name: 'v', type: 'V' }), file('c')],
    'a label with data': [member({ name: 'v', type: 'V' }, smuggled), file('c')],
    'an extension at the end': [file('c'), pax([['path', 'a']])],
    'a lone zero block inside': [file('a'), Buffer.alloc(512), file('b')],
    'a folder with data': [member({ name: 'd', type: '5' }, 'data')],
    'a hard link with data': [file('a'), hardLink('b', 'a', { size: 512 }), Buffer.alloc(512)],
    'a symbolic link with data': [symlink('b', 'a', { size: 512 }), Buffer.alloc(512)],
    'a link whose pax size is not zero': [pax([['size', '512']]), symlink('b', 'a'), smuggled],
    'a file with a trailing slash': [file('d/', 'x')],
    'a pax file with a trailing slash': [pax([['path', 'd/']]), file('d', 'x')],
    'an unknown type': [member({ name: 'a', type: 'Q' })],
    'a multi-volume continuation': [member({ name: 'a', type: 'M', magic: GNU })],
    'an incremental folder': [member({ name: 'a', type: 'D', magic: GNU }, 'Yfile\0\0')],
    'a wrong checksum': [file('a', '', { checksumError: 1 })],
    'a checksum of blanks': [Buffer.concat([tarHeader({ name: 'a' }).fill(' ', 148, 156)])],
    'a size that is no number': [tarHeader({ name: 'a', patches: [[124, 'abcdefghijk\0']] })],
    'a size with an octal nine': [tarHeader({ name: 'a', patches: [[124, '00000000009\0']] })],
    'a size with a number behind blanks': [tarHeader({ name: 'a', patches: [[124, '3 5        \0']] })],
    'a base-256 size beyond 64 bits': [
      tarHeader({ name: 'a', patches: [[124, Buffer.from('810000000000000000000000', 'hex')]] }),
    ],
    'an owner beyond 32 bits': [tarHeader({ name: 'a', uid: 2 ** 32 - 1 })],
    'an owner of minus one': [tarHeader({ name: 'a', patches: [[108, Buffer.alloc(8, 0xff)]] })],
    'a pax owner of minus one': [pax([['uid', '4294967295']]), file('a')],
    'a pax size in hexadecimal': [pax([['size', '0x3']]), file('a', 'abc')],
    'a negative pax size': [pax([['size', '-1']]), file('a')],
    'a pax time that is none': [pax([['mtime', '1.2.3']]), file('a')],
    'a pax record without a length': [member({ name: 'x', type: 'x' }, ' path=a\n'), file('a')],
    'a pax record longer than the header': [member({ name: 'x', type: 'x' }, '99 path=a\n'), file('a')],
    'a pax record without its newline': [member({ name: 'x', type: 'x' }, '10 path=ab'), file('a')],
    'a pax record without a keyword': [member({ name: 'x', type: 'x' }, '5 =a\n'), file('a')],
    'sparse runs out of order': [
      pax([
        ['GNU.sparse.size', '9'],
        ['GNU.sparse.map', '5,1,0,1'],
      ]),
      file('a', 'xy'),
    ],
    'sparse runs that overlap': [
      pax([
        ['GNU.sparse.size', '9'],
        ['GNU.sparse.map', '0,2,1,1'],
      ]),
      file('a', 'xyz'),
    ],
    'sparse runs beyond the size': [
      pax([
        ['GNU.sparse.size', '9'],
        ['GNU.sparse.map', '8,2'],
      ]),
      file('a', 'xy'),
    ],
    'sparse runs with less data': [
      pax([
        ['GNU.sparse.size', '9'],
        ['GNU.sparse.map', '0,3'],
      ]),
      file('a', 'xy'),
    ],
    'sparse runs with more data': [
      pax([
        ['GNU.sparse.size', '9'],
        ['GNU.sparse.map', '0,1'],
      ]),
      file('a', 'xy'),
    ],
    'sparse without a map': [pax([['GNU.sparse.size', '9']]), file('a')],
    'sparse in two ways': [pax([['GNU.sparse.major', '1']]), member({ name: 'a', type: 'S', magic: GNU })],
    'sparse of an unknown version': [
      pax([
        ['GNU.sparse.major', '2'],
        ['GNU.sparse.minor', '0'],
        ['GNU.sparse.realsize', '9'],
      ]),
      file('a', '0\n'),
    ],
    'a sparse folder': [
      pax([
        ['GNU.sparse.size', '0'],
        ['GNU.sparse.map', '0,0'],
      ]),
      directory('a'),
    ],
  })) {
    it(`${title}: refused`, () => assert.rejects(unpack(...members), { code: 'ARCHIVE' }));
  }

  it('what is no tar at all is refused', async () => {
    for (const bytes of [Buffer.alloc(512, 'x'), Buffer.from('{"layers":[]}'), Buffer.alloc(511)]) {
      await assert.rejects(unpackTar(temporary.path, bytes), { code: 'ARCHIVE' });
    }
  });
  it('fields may be full to their last byte', async () => {
    const { dir } = await unpack(
      symlink('a'.repeat(100), 'b'.repeat(100)),
      file('c'.repeat(100), 'x', { prefix: `${'p'.repeat(154)}/`.slice(0, 155) }),
    );
    assert.equal(readFileSync(join(dir, 'p'.repeat(154), 'c'.repeat(100)), 'utf8'), 'x');
  });
});
