import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { scratch, sha256 } from '../../support/layer-folder';
import { directory, file, hardLink, member, pax, symlink, tar } from '../../support/tar-bytes';

/** Uses every call that writing a layer and settling it takes. */
const LOWER = tar(directory('d', { mode: 0o700 }), file('d/target', 'content', { uid: 3 }));
const LAYER = tar(
  symlink('way', 'd/below'),
  directory('d/below', { uid: 5 }),
  file('way/f', 'x'.repeat(5000), { uid: 4, mode: 0o4711 }),
  file('way/f', 'twice'),
  hardLink('hard', 'd/below/f'),
  hardLink('pending', 'd/target'),
  file('d/.wh.gone'),
  file('e/.wh..wh..opq'),
  member({ name: 'fifo', type: '6', mode: 0o666 }),
  pax([['SCHILY.xattr.user.a', 'b']]),
  file('attributes', ''),
  pax([
    ['GNU.sparse.size', '9000'],
    ['GNU.sparse.map', '4096,4,9000,0'],
  ]),
  file('sparse', 'data'),
);

/** Unpacks and settles two layers, and prints how it ended. */
const PROGRAM = `
const { settleLayer, startUnpack } = require(${JSON.stringify(require.resolve('@tinyd/native'))});
const fs = require('node:fs');
const [, layers] = process.argv;
const unpack = async ({ blob, ...rest }) => {
  fs.mkdirSync(rest.targetDir);
  const layer = startUnpack({ ...rest, blobFd: fs.openSync(blob), overlayXattr: 'trusted' });
  layer.advance(rest.blobSize);
  return layer.result;
};
(async () => {
  const [lower, upper] = JSON.parse(layers);
  await unpack(lower);
  const result = await unpack(upper);
  await settleLayer({ ...result, targetDir: upper.targetDir, lowerDirs: [lower.targetDir], overlayXattr: 'trusted' });
})().then(() => console.log('done'), error => console.log(error.code, error.syscall ?? ''));`;

describe('system calls that fail while a layer is unpacked', () => {
  const temporary = scratch();
  after(() => temporary.remove());
  let run = 0;

  /** Runs the program with one call failing; returns its last word. */
  function withFault(fault: string): string {
    const layers = [LOWER, LAYER].map((bytes, i) => {
      const blob = join(temporary.path, `blob${i}`);
      const compressed = gzipSync(bytes);
      writeFileSync(blob, compressed);
      return {
        blob,
        blobSize: compressed.length,
        blobDigest: sha256(compressed),
        diffId: sha256(bytes),
        targetDir: join(temporary.path, `${run}.${i}`),
      };
    });
    run++;
    const strace = ['-f', '-qq', '-o', '/dev/null', '-e', `inject=${fault}`];
    const program = [process.execPath, '-e', PROGRAM, JSON.stringify(layers)];
    return execFileSync('strace', [...strace, ...program], { timeout: 20_000 })
      .toString()
      .trim();
  }

  it('none: the program ends well', () => {
    assert.equal(withFault('swapon:error=EIO'), 'done');
  });

  // Calls that Node itself makes while it runs cannot be counted, and are left out. strace counts by thread.
  const faults: Record<string, readonly [error: string, times: number, reported?: string]> = {
    mkdirat: ['ENOSPC', 3],
    symlinkat: ['EDQUOT', 1],
    linkat: ['EMLINK', 1],
    mknodat: ['EPERM', 2],
    fsetxattr: ['EPERM', 2, 'setxattr'],
    utimensat: ['EIO', 6],
    fchown: ['EPERM', 2, 'chown'],
    fchmod: ['EIO', 2, 'chmod'],
    chmod: ['EIO', 1],
    lseek: ['EIO', 1],
    ftruncate: ['EFBIG', 1],
    llistxattr: ['EIO', 1, 'listxattr'],
    readlinkat: ['EIO', 1],
  };
  for (const [call, [error, times, reported = call]] of Object.entries(faults)) {
    it(`${call}: the error comes out, with the name of the call`, function () {
      this.timeout(60_000);
      for (let when = 1; when <= times; when++) {
        assert.equal(withFault(`${call}:error=${error}:when=${when}`), `${error} ${reported}`);
      }
    });
  }

  it('openat2 that is not there (before Linux 5.6, or by seccomp): done without it', () => {
    assert.equal(withFault('openat2:error=ENOSYS'), 'done');
    assert.equal(withFault('openat2:error=EPERM'), 'done');
  });
  it('openat2 that asks to try again is tried again', () => {
    assert.equal(withFault('openat2:error=EAGAIN:when=1..3'), 'done');
  });
  it('openat2 out of descriptors is an error', () => {
    assert.match(withFault('openat2:error=EMFILE'), /^EMFILE /);
  });
});
