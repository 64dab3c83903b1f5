import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { startUnpack } from '@tinyd/native';
import { scratch, sha256, startLayer, unpackBlob, unpackTar } from '../../support/layer-folder';
import { base256, blocks, directory, file, GNU, member, pax, tar, tarHeader } from '../../support/tar-bytes';

const zstd = (bytes: Buffer, ...flags: string[]) =>
  execFileSync('zstd', ['-q', '-c', ...flags], { input: bytes, maxBuffer: 1 << 30 });

/** A layer with content that does not compress to nothing. */
const LAYER = tar(
  directory('d'),
  ...Array.from({ length: 40 }, (_, i) => file(`d/${i}`, randomBytes(1500 + 37 * i).toString('hex'))),
);

function residentBytes(): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
}

/** Processor time of this process, its threads included, in milliseconds: other than a clock, it does not count what others do. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Fails unless `work` rejects with one of `codes` within a second, or what it takes less of a processor. */
async function failsSoon(codes: readonly string[], work: Promise<unknown>, mostMs = 1000): Promise<void> {
  const start = processorMs();
  await assert.rejects(work, (error: Error & { code?: string }) => {
    assert.ok(codes.includes(error.code ?? ''), `${error.code}: ${error.message}`);
    return true;
  });
  const ms = processorMs() - start;
  assert.ok(ms < mostMs, `took ${ms} ms`);
}

describe('compression of layers (CVE-2021-20291, CVE-2014-9357, CVE-2026-41567)', () => {
  const temporary = scratch();
  after(() => temporary.remove());
  const good = async (blob: Buffer, compression: string) => {
    const result = await unpackBlob(temporary.path, blob, LAYER);
    assert.equal(result.compression, compression);
    assert.equal(result.tarBytes, LAYER.length);
    assert.equal(result.entries, 41);
    assert.equal(readdirSync(join(result.dir, 'd')).length, 40);
  };
  const gzip = gzipSync(LAYER);

  it('is told by the bytes: none, gzip, zstd', async () => {
    await good(LAYER, 'none');
    await good(gzip, 'gzip');
    await good(zstd(LAYER), 'zstd');
  });
  it('gzip of several members, an empty one among them, cut anywhere', async () => {
    const parts = [
      LAYER.subarray(0, 700),
      Buffer.alloc(0),
      LAYER.subarray(700, 60_000),
      LAYER.subarray(60_000),
    ];
    await good(Buffer.concat(parts.map(part => gzipSync(part))), 'gzip');
  });
  it('gzip with zero bytes behind it', async () => {
    await good(Buffer.concat([gzip, Buffer.alloc(10_000)]), 'gzip');
  });
  it('gzip with a name and a comment in its header', async () => {
    const raw = gzipSync(LAYER);
    const flags = Buffer.from(raw.subarray(0, 10));
    flags[3] = 0x18;
    await good(Buffer.concat([flags, Buffer.from('layer.tar\0comment\0'), raw.subarray(10)]), 'gzip');
  });
  it('zstd of several frames, skippable ones first, between and last', async () => {
    const skip = Buffer.from('502a4d180400000074657374', 'hex');
    const half = LAYER.length >> 1;
    const frames = [skip, zstd(LAYER.subarray(0, half)), skip, zstd(LAYER.subarray(half)), skip];
    await good(Buffer.concat(frames), 'zstd');
  });
  it('refuses a zstd window of more than 128 MiB', async () => {
    const frame = execFileSync('zstd', ['-q', '-c', '--ultra', '--long=28', '--no-check'], {
      input: Buffer.alloc(200 << 20),
      maxBuffer: 1 << 30,
    });
    await failsSoon(['COMPRESSION'], unpackBlob(temporary.path, frame, LAYER));
  });

  for (const [title, blob] of Object.entries({
    'gzip with other bytes behind it': Buffer.concat([gzip, Buffer.from('x')]),
    'gzip with zero bytes, then a member': Buffer.concat([gzip, Buffer.alloc(4), gzip]),
    'gzip with a wrong CRC': Buffer.concat([gzip.subarray(0, -8), Buffer.alloc(4), gzip.subarray(-4)]),
    'gzip with a wrong length': Buffer.concat([gzip.subarray(0, -4), Buffer.alloc(4)]),
    'zstd with other bytes behind it': Buffer.concat([zstd(LAYER), Buffer.from('other')]),
    xz: execFileSync('xz', ['-c'], { input: LAYER }),
    bzip2: execFileSync('bzip2', ['-c'], { input: LAYER }),
    'only a magic number of gzip': Buffer.from('1f8b', 'hex'),
    'only a magic number of zstd': Buffer.from('28b52ffd', 'hex'),
  })) {
    it(`refuses ${title}`, () => failsSoon(['COMPRESSION'], unpackBlob(temporary.path, blob, LAYER)));
  }

  for (const [name, blob] of Object.entries({ gzip, zstd: zstd(LAYER), tar: LAYER })) {
    it(`a ${name} blob cut at each KiB fails within a second`, async function () {
      this.timeout(120_000);
      for (let cut = 0; cut < blob.length - 1024; cut += 1024) {
        const codes = ['COMPRESSION', 'ARCHIVE', 'DIFF_ID'];
        await failsSoon(codes, unpackBlob(temporary.path, blob.subarray(0, cut), LAYER));
      }
    });
    it(`a ${name} blob with flipped bytes fails within a second`, async function () {
      this.timeout(120_000);
      for (let at = 3; at < blob.length - 1024; at += 2003) {
        const broken = Buffer.from(blob);
        broken[at] = (broken[at] ?? 0) ^ 0x55;
        const options = { blobDigest: sha256(broken) };
        await failsSoon(
          ['COMPRESSION', 'ARCHIVE', 'DIFF_ID'],
          unpackBlob(temporary.path, broken, LAYER, options),
        );
      }
    });
  }
});

describe('digests and sizes of layers', () => {
  const temporary = scratch();
  after(() => temporary.remove());
  const blob = gzipSync(LAYER);

  it('are verified as sha512, too', async () => {
    const sha512 = (bytes: Buffer) => `sha512:${createHash('sha512').update(bytes).digest('hex')}`;
    await unpackBlob(temporary.path, blob, LAYER, { blobDigest: sha512(blob), diffId: sha512(LAYER) });
    await failsSoon(['BLOB_DIGEST'], unpackBlob(temporary.path, blob, LAYER, { blobDigest: sha512(LAYER) }));
    await failsSoon(['DIFF_ID'], unpackBlob(temporary.path, blob, LAYER, { diffId: sha512(blob) }));
  });
  it('a blob with another digest is refused', () =>
    failsSoon(['BLOB_DIGEST'], unpackBlob(temporary.path, blob, LAYER, { blobDigest: sha256(LAYER) })));
  it('a tar with another digest is refused', () =>
    failsSoon(['DIFF_ID'], unpackBlob(temporary.path, blob, LAYER, { diffId: sha256(blob) })));
  for (const digest of [
    '',
    'sha256',
    'sha256:',
    'sha256:00',
    `sha256:${'G'.repeat(64)}`,
    `sha1:${'0'.repeat(40)}`,
  ]) {
    it(`no digest: ${JSON.stringify(digest)}`, async () => {
      await failsSoon(['BLOB_DIGEST'], unpackBlob(temporary.path, blob, LAYER, { blobDigest: digest }));
      await failsSoon(['DIFF_ID'], unpackBlob(temporary.path, blob, LAYER, { diffId: digest }));
    });
  }
  it('upper case is no digest', () =>
    failsSoon(['DIFF_ID'], unpackBlob(temporary.path, blob, LAYER, { diffId: sha256(LAYER).toUpperCase() })));
  it('a blob shorter than its size is refused when the file ends', () =>
    failsSoon(
      ['BLOB_SIZE'],
      (async () => {
        const { layer } = startLayer(temporary.path, blob, LAYER, { blobSize: blob.length + 1 });
        layer.advance(blob.length + 1);
        await layer.result;
      })(),
    ));
  it('a blob longer than its size is refused', () =>
    failsSoon(
      ['BLOB_SIZE'],
      (async () => {
        const { layer } = startLayer(temporary.path, blob, LAYER, { blobSize: blob.length - 1 });
        layer.advance(blob.length);
        await layer.result;
      })(),
    ));
  it('the empty blob is the empty tar', async () => {
    const result = await unpackBlob(temporary.path, Buffer.alloc(0), Buffer.alloc(0));
    assert.equal(result.entries, 0);
  });
  it("docker's empty layer is unpacked to nothing", async () => {
    const empty = Buffer.from('H4sIAAAJbogA/2IYBaNgFIxYAAgAAP//Lq+17wAEAAA=', 'base64');
    assert.equal(sha256(empty), 'sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4');
    const { dir } = await unpackBlob(temporary.path, empty, gunzipSync(empty));
    assert.deepEqual(readdirSync(dir), []);
  });
});

describe('archives that claim too much (CVE-2025-58183, CVE-2022-2879, CVE-2017-14992)', () => {
  const temporary = scratch();
  after(() => temporary.remove());
  const cheap = async (codes: readonly string[], ...members: Buffer[]) => {
    const before = residentBytes();
    await failsSoon(codes, unpackTar(temporary.path, Buffer.concat(members)), 100);
    assert.ok(residentBytes() - before < 32 << 20);
  };
  const huge = base256(8n << 30n, 12);
  const sparse = (runs: number) =>
    pax([
      ['GNU.sparse.major', '1'],
      ['GNU.sparse.minor', '0'],
      ['GNU.sparse.name', 'f'],
      ['GNU.sparse.realsize', String(runs)],
    ]);

  it('a pax header of 8 GiB', () =>
    cheap(['LIMIT'], member({ name: 'x', type: 'x', patches: [[124, huge]] })));
  it('a global pax header of 8 GiB', () =>
    cheap(['LIMIT'], member({ name: 'x', type: 'g', patches: [[124, huge]] })));
  it('a long name of 8 GiB', () =>
    cheap(['LIMIT'], member({ name: 'x', type: 'L', magic: GNU, patches: [[124, huge]] })));
  it('a long link of 8 GiB', () =>
    cheap(['LIMIT'], member({ name: 'x', type: 'K', magic: GNU, patches: [[124, huge]] })));
  it('a long name of 1 MiB + 1', () =>
    cheap(['LIMIT'], member({ name: 'x', type: 'L', magic: GNU }, Buffer.alloc((1 << 20) + 1, 'n'))));
  it('a file of 8 GiB that is not there', () =>
    cheap(['ARCHIVE'], tarHeader({ name: 'f', patches: [[124, huge]] })));
  it('a file of 2^63 - 1 bytes', () =>
    cheap(
      ['ARCHIVE'],
      tarHeader({ name: 'f', patches: [[124, Buffer.from('80000000' + '7fffffffffffffff', 'hex')]] }),
    ));
  it('a file of a negative size', () =>
    cheap(['ARCHIVE'], tarHeader({ name: 'f', patches: [[124, Buffer.from('ff'.repeat(12), 'hex')]] })));
  it('a sparse map of a billion runs', () =>
    cheap(['LIMIT'], sparse(1), member({ name: 'f' }, blocks(Buffer.from('1000000000\n0\n0\n')))));
  it('a sparse map that goes on for ever', () => {
    const first = tarHeader({ name: 'f', type: 'S', magic: GNU, patches: [[482, '\x01']] });
    const more = Buffer.alloc(512);
    more[504] = 1;
    return cheap(['LIMIT'], first, Buffer.concat(Array.from({ length: 4000 }, () => more)));
  });
  it('a sparse map of many runs in pax records', () =>
    cheap(
      ['LIMIT', 'ARCHIVE'],
      pax([
        ['GNU.sparse.size', '9'],
        ['GNU.sparse.map', '0,0,'.repeat(200_000)],
      ]),
      file('f'),
    ));
  it('fifty thousand attributes on one file', () =>
    cheap(
      ['LIMIT'],
      pax(Array.from({ length: 50_000 }, (_, i) => [`SCHILY.xattr.user.${i}`, ''])),
      file('f'),
    ));

  it('a sparse file of 2^62 bytes is as large as the file system allows, or an error', async () => {
    const header = pax([
      ['GNU.sparse.size', String(2n ** 62n)],
      ['GNU.sparse.map', `${2n ** 62n},0`],
    ]);
    try {
      await unpackTar(temporary.path, tar(header, file('f')));
    } catch (error) {
      assert.ok(['EFBIG', 'ENOSPC', 'EINVAL'].includes((error as { code: string }).code));
    }
  });
  it('whiteouts without number: memory is bounded', async function () {
    this.timeout(60_000);
    const name = 'n'.repeat(80);
    const parts: Buffer[] = [];
    for (let i = 0; i < 170_000; i++)
      parts.push(tarHeader({ name: `.wh.${name}${i}`, prefix: 'p'.repeat(155) }));
    const before = residentBytes();
    const bytes = Buffer.concat(parts);
    const after = residentBytes();
    await assert.rejects(unpackBlob(temporary.path, gzipSync(bytes, { level: 1 }), bytes), { code: 'LIMIT' });
    assert.ok(residentBytes() - Math.max(before, after) < 150 << 20);
  });

  it('the limit holds for one file, for many, for names, and for what follows the end', async () => {
    const limit = { limitBytes: 1000 + 2 * 512 };
    const pair = (second: number) =>
      Buffer.concat([file('a', 'x'.repeat(600)), file('b', 'x'.repeat(second))]);
    const refused = (bytes: Buffer) =>
      assert.rejects(unpackTar(temporary.path, bytes, limit), { code: 'LIMIT' });
    await unpackTar(temporary.path, pair(400), limit);
    await refused(pair(401));
    await refused(tar(file('a', 'x'.repeat(1513))));
    await refused(tar(...'abcd'.split('').map(name => directory(name))));
    await refused(Buffer.concat([tar(), Buffer.alloc(2025)]));
  });

  for (const [name, compress] of Object.entries({
    gzip: (b: Buffer) => gzipSync(b),
    zstd: (b: Buffer) => zstd(b),
  })) {
    it(`a ${name} bomb stops at the limit: time, memory and disk are bounded`, async function () {
      this.timeout(60_000);
      const chunk = Buffer.alloc(64 << 20);
      const part = compress(chunk);
      const header = compress(tarHeader({ name: 'bomb', patches: [[124, base256(10n << 30n, 12)]] }));
      const blob = Buffer.concat([header, ...Array.from({ length: 160 }, () => part)]);
      const before = residentBytes();
      const { dir, layer } = startLayer(temporary.path, blob, blob, { limitBytes: 50 << 20 });
      layer.advance(blob.length);
      await failsSoon(['LIMIT'], layer.result);
      assert.ok(residentBytes() - before < 150 << 20);
      assert.ok(statSync(join(dir, 'bomb')).size <= 50 << 20);
    });
  }
  it('a bomb in a bomb is content like any other', async () => {
    const inner = gzipSync(Buffer.alloc(50 << 20));
    const { contentBytes } = await unpackTar(temporary.path, tar(file('inner.gz', inner)));
    assert.equal(contentBytes, inner.length);
  });
  it('a full disk is an error of the system, with the path', async () => {
    const disk = join(temporary.path, 'disk');
    writeFileSync(disk, '');
    const script = `mkdir "$1.mnt" && mount -t tmpfs -o size=1m none "$1.mnt"`;
    execFileSync('sh', ['-c', script, 'sh', disk]);
    try {
      const bytes = tar(file('a/b', Buffer.alloc(2 << 20)));
      const blobPath = join(temporary.path, 'enospc');
      writeFileSync(blobPath, bytes);
      const blobFd = openSync(blobPath, 'r');
      const layer = startUnpack({
        blobFd,
        blobSize: bytes.length,
        blobDigest: sha256(bytes),
        diffId: sha256(bytes),
        targetDir: `${disk}.mnt`,
        overlayXattr: 'trusted',
      });
      closeSync(blobFd);
      layer.advance(bytes.length);
      await assert.rejects(layer.result, { code: 'ENOSPC', errno: -28, syscall: 'write', path: 'a/b' });
    } finally {
      execFileSync('umount', [`${disk}.mnt`]);
    }
  });
});
