import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { scratch, unpackBlob, unpackTar } from '../../support/layer-folder';
import {
  base256,
  directory,
  file,
  GNU,
  gnuLong,
  hardLink,
  member,
  pax,
  symlink,
  tar,
  USTAR,
  V7,
} from '../../support/tar-bytes';
import { content } from '../../support/tree-listing';

const LONG = `${'d'.repeat(90)}/${'e'.repeat(90)}/${'f'.repeat(90)}`;

/** Archives that every reader agrees on, each with what is hard about it. */
const ARCHIVES: Record<string, Buffer> = {
  'v7: no magic, folders by a trailing slash': tar(
    member({ name: 'd/', type: '\0', magic: V7, mode: 0o750 }),
    member({ name: 'd/f', type: '\0', magic: V7, mode: 0o604, uid: 7, gid: 8 }, 'seven'),
  ),
  'ustar: the prefix field': tar(
    directory('top/'),
    file('name', 'x', { prefix: 'top' }),
    directory('p'.repeat(100)),
    file('n'.repeat(100), 'full fields have no NUL', { prefix: 'p'.repeat(100) }),
  ),
  'a checksum over signed bytes': tar(file(Buffer.from('caf\xe9', 'latin1'), 'x', { signedChecksum: true })),
  'GNU: long names and long links': tar(
    directory('d'.repeat(90)),
    gnuLong('L', `${'d'.repeat(90)}/${'e'.repeat(90)}`),
    directory('cut', { magic: GNU }),
    gnuLong('L', LONG),
    file('cut', 'long', { magic: GNU }),
    gnuLong('K', `../${LONG}`),
    symlink('link', 'cut', { magic: GNU }),
    gnuLong('L', `${LONG}2`),
    gnuLong('K', LONG),
    hardLink('cut', 'cut', { magic: GNU }),
  ),
  'GNU: base-256 owners and times': tar(
    file('big-uid', '', { magic: GNU, uid: 3_000_000, gid: 4_000_000_000 }),
    file('before-the-epoch', '', {
      magic: GNU,
      patches: [[136, Buffer.from('ffffffffffffffffffffff85', 'hex')]],
    }),
    file('far-future', '', { magic: GNU, patches: [[136, base256(9_000_000_000n, 12)]] }),
    file('big-size-field', 'abc', { magic: GNU, patches: [[124, base256(3n, 12)]] }),
  ),
  'numbers with blanks around them': tar(
    file('spaces', 'abc', {
      patches: [
        [124, '         3 \0'],
        [100, '   644 \0'],
      ],
    }),
  ),
  'pax: names, owners, sizes, times': tar(
    pax([
      ['path', `${'ä'.repeat(60)}`],
      ['uid', '3000000'],
      ['gid', '3000001'],
      ['mtime', '1234567890.123456789'],
    ]),
    file('short', 'named by pax'),
    pax([
      ['size', '7'],
      ['mtime', '-1.25'],
      ['comment', 'ignored'],
    ]),
    file('seven', 'seven!!', { size: 0 }),
    pax([
      ['linkpath', LONG],
      ['mtime', '12.000000001999'],
    ]),
    symlink('link', 'x'),
    pax([
      ['path', 'early'],
      ['path', 'late'],
    ]),
    file('x', 'the last record wins'),
  ),
  'pax: global time': tar(
    pax(
      [
        ['mtime', '1111111111.5'],
        ['comment', 'deadbeef'],
      ],
      'g',
    ),
    file('a', 'a'),
    pax([['mtime', '1222222222']]),
    file('b', 'b'),
  ),
  'pax: extended attributes': tar(
    pax([
      ['SCHILY.xattr.user.text', 'plain'],
      ['SCHILY.xattr.user.binary', Buffer.from('00ff0a3d00', 'hex')],
      ['SCHILY.xattr.security.capability', Buffer.from('0100000200200000000000000000000000000000', 'hex')],
    ]),
    file('ping', 'x', { mode: 0o4755, uid: 5, gid: 6 }),
    pax([['SCHILY.xattr.trusted.note', 'on a folder']]),
    directory('dir'),
    pax([['SCHILY.xattr.trusted.note', 'on a link']]),
    symlink('link', 'dir'),
  ),
  'pax: an attribute without a value': tar(pax([['SCHILY.xattr.user.empty', '']]), file('f', '')),
  'modes: suid, sgid, sticky, none at all': tar(
    directory('sticky', { mode: 0o1777, uid: 1, gid: 2 }),
    directory('sgid', { mode: 0o2775, gid: 50 }),
    file('sgid/plain', 'x', { mode: 0o644 }),
    directory('sgid/below', { mode: 0o755 }),
    file('suid', 'x', { mode: 0o6755, uid: 33, gid: 33 }),
    file('open', 'x', { mode: 0o666 }),
    file('closed', 'x', { mode: 0 }),
    directory('readonly', { mode: 0o555 }),
    file('readonly/file', 'x', { mode: 0o444 }),
  ),
  'links of both kinds': tar(
    file('file', 'content', { mode: 0o600, uid: 9 }),
    hardLink('hard', 'file', { mode: 0o777, uid: 1 }),
    hardLink('hard2', './hard'),
    symlink('soft', 'nowhere/at/all', { uid: 3, gid: 4 }),
    hardLink('hard-to-soft', 'soft'),
  ),
  'devices and fifos': tar(
    directory('dev'),
    member({ name: 'dev/null', type: '3', major: 1, minor: 3, mode: 0o666 }),
    member({ name: 'dev/sda', type: '4', major: 8, minor: 0, mode: 0o660, gid: 6 }),
    member({ name: 'dev/far', type: '4', major: 259, minor: 1_000_000, mode: 0o600 }),
    member({ name: 'dev/pipe', type: '6', mode: 0o622 }),
  ),
  'contiguous files and a volume label': tar(
    member({ name: 'LABEL', type: 'V', magic: GNU }),
    member({ name: 'contiguous', type: '7' }, 'as a file'),
  ),
  'names that are no text': tar(
    file(Buffer.from('\xff\xfe\n\t\\ "', 'latin1'), 'bytes'),
    file('new\nline', 'x'),
    file('b'.repeat(100), 'x'),
  ),
  'nothing at all': tar(),
  'no end': file('unterminated', 'x'),
  'an end of one block': Buffer.concat([file('a', 'x'), Buffer.alloc(512)]),
  'data after the end': Buffer.concat([tar(file('shown', 'x')), tar(file('hidden', 'y'))]),
  'leading slashes and dots': tar(
    directory('./'),
    directory('./a/'),
    file('.//a/./b', 'x'),
    file('/a/c', 'y'),
  ),
};

/** What GNU tar makes of an archive. */
function gnuTar(root: string, bytes: Buffer): string {
  const dir = mkdtempSync(join(root, 'gnu-'));
  const flags = [
    '-C',
    dir,
    '-xpf',
    '-',
    '--xattrs',
    '--xattrs-include=*',
    '--numeric-owner',
    '--delay-directory-restore',
  ];
  execFileSync('tar', flags, { input: bytes, stdio: ['pipe', 'ignore', 'ignore'] });
  return dir;
}

describe('unpacking tar dialects', () => {
  const temporary = scratch();
  after(() => temporary.remove());

  for (const [title, bytes] of Object.entries(ARCHIVES)) {
    it(`does as GNU tar: ${title}`, async () => {
      const { dir } = await unpackTar(temporary.path, bytes);
      assert.deepEqual(content(dir), content(gnuTar(temporary.path, bytes)));
    });
  }

  it('takes long names, links and folders from archives that GNU tar writes itself', async () => {
    const source = mkdtempSync(join(temporary.path, 'source-'));
    mkdirSync(join(source, LONG), { recursive: true });
    writeFileSync(join(source, LONG, 'g'.repeat(200)), 'deep');
    writeFileSync(join(source, 'a'), 'a');
    linkSync(join(source, 'a'), join(source, 'b'));
    for (const format of ['v7', 'oldgnu', 'gnu', 'ustar', 'posix']) {
      const names = format === 'v7' || format === 'ustar' ? ['a', 'b'] : ['.'];
      const bytes = execFileSync('tar', ['-C', source, '-H', format, '-cf', '-', ...names]);
      const { dir } = await unpackTar(temporary.path, bytes);
      assert.deepEqual(content(dir), content(gnuTar(temporary.path, bytes)), format);
    }
  });

  it('takes a real tree, in every compression', async () => {
    const bytes = execFileSync('tar', ['-C', '/', '-cf', '-', 'etc', 'sbin'], {
      maxBuffer: 1 << 30,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const expected = content(gnuTar(temporary.path, bytes));
    const zstd = execFileSync('zstd', ['-q', '-c'], { input: bytes, maxBuffer: 1 << 30 });
    for (const blob of [bytes, gzipSync(bytes), zstd]) {
      const { dir, entries } = await unpackBlob(temporary.path, blob, bytes);
      assert.deepEqual(content(dir), expected);
      assert.ok(entries > 100);
    }
  });

  it('reads all four forms of sparse files, and leaves the holes', async () => {
    const source = mkdtempSync(join(temporary.path, 'sparse-'));
    const holes = join(source, 'holes');
    writeFileSync(holes, '');
    // More runs than one header block of the old format holds.
    for (let i = 0; i < 60; i++) {
      writeFileSync(holes, `run ${i}`, { flag: 'r+' });
      const data = Buffer.alloc((i + 1) * 64 * 1024);
      readFileSync(holes).copy(data);
    }
    execFileSync(
      'bash',
      [
        '-c',
        `for i in $(seq 60); do printf 'run %s' $i | dd of=holes bs=1 seek=$((i * 65536 + 7)) conv=notrunc status=none; done`,
      ],
      { cwd: source },
    );
    truncateSync(holes, 70 * 65536);
    writeFileSync(join(source, 'only-hole'), '');
    truncateSync(join(source, 'only-hole'), 5_000_000_000);
    writeFileSync(join(source, 'starts-with-data'), Buffer.alloc(100_000, 1));
    truncateSync(join(source, 'starts-with-data'), 1_000_000);
    for (const flags of [
      ['-H', 'gnu'],
      ['-H', 'posix', '--sparse-version=0.0'],
      ['-H', 'posix', '--sparse-version=0.1'],
      ['-H', 'posix', '--sparse-version=1.0'],
    ]) {
      const bytes = execFileSync('tar', [
        '-C',
        source,
        '-S',
        ...flags,
        '-cf',
        '-',
        'holes',
        'only-hole',
        'starts-with-data',
      ]);
      const { dir, contentBytes } = await unpackTar(temporary.path, bytes);
      assert.equal(contentBytes, 70 * 65536 + 5_000_000_000 + 1_000_000);
      const described = (root: string) =>
        ['holes', 'starts-with-data'].map(name => readFileSync(join(root, name)).toString('base64'));
      assert.deepEqual(described(dir), described(source), flags.join(' '));
      assert.equal(statSync(join(dir, 'only-hole')).size, 5_000_000_000);
      assert.equal(statSync(join(dir, 'only-hole')).blocks, 0);
      assert.ok(statSync(join(dir, 'holes')).blocks * 512 < 70 * 65536);
    }
  });

  it('decodes attributes as libarchive writes them', async () => {
    const { dir } = await unpackTar(
      temporary.path,
      tar(
        pax([
          ['LIBARCHIVE.xattr.user.a%3db', Buffer.from('YmluAA')],
          ['SCHILY.xattr.user.twice', 'bin'],
          ['LIBARCHIVE.xattr.user.twice', 'Ymlu'],
        ]),
        file('f', ''),
      ),
    );
    assert.match(content(dir).join(), /user\.a=b=62696e00 user\.twice=62696e/);
  });

  it('takes the access time from pax, else the time of modification', async () => {
    const { dir } = await unpackTar(
      temporary.path,
      tar(pax([['atime', '1000000000.25']]), file('with', ''), file('without', '', { mtime: 1_500_000_000 })),
    );
    assert.equal(statSync(join(dir, 'with'), { bigint: true }).atimeNs, 1_000_000_000_250_000_000n);
    assert.equal(statSync(join(dir, 'without'), { bigint: true }).atimeNs, 1_500_000_000_000_000_000n);
  });

  it('reads star archives, whose prefix is shorter', async () => {
    const trailer: readonly [number, string] = [508, 'tar\0'];
    const times: readonly [number, string] = [476, '14000000000\x0014000000000\0'];
    const header = { magic: USTAR, prefix: 'dir', patches: [times, trailer] };
    const { dir } = await unpackTar(temporary.path, tar(directory('dir'), file('name', 'x', header)));
    assert.equal(readFileSync(join(dir, 'dir/name'), 'utf8'), 'x');
  });

  it('unpacks as umoci does, entry for entry', async function () {
    this.timeout(60_000);
    const names = [
      'links of both kinds',
      'modes: suid, sgid, sticky, none at all',
      'pax: extended attributes',
    ];
    for (const name of [...names, 'GNU: long names and long links', 'devices and fifos']) {
      const bytes = ARCHIVES[name];
      assert.ok(bytes);
      const { dir } = await unpackTar(temporary.path, bytes);
      assert.deepEqual(content(dir), content(umociUnpack(temporary.path, bytes)), name);
    }
  });
});

/** What umoci makes of an archive as the only layer of an image. */
function umociUnpack(root: string, bytes: Buffer): string {
  const work = mkdtempSync(join(root, 'umoci-'));
  const layout = join(work, 'layout');
  const umoci = (...args: string[]) => execFileSync('umoci', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const archive = join(work, 'layer.tar');
  writeFileSync(archive, bytes);
  umoci('init', '--layout', layout);
  umoci('new', '--image', `${layout}:t`);
  umoci('raw', 'add-layer', '--image', `${layout}:t`, archive);
  umoci('raw', 'unpack', '--image', `${layout}:t`, join(work, 'rootfs'));
  return join(work, 'rootfs');
}
