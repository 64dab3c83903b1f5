import { createHash } from 'node:crypto';
import { type Descriptor, type Digest, digestAlgorithm, digestHex, TinydError } from '@tinyd/core';

/** The digest of some bytes, by the algorithm of another digest. */
export function digestOf(bytes: Uint8Array, algorithm: 'sha256' | 'sha512' = 'sha256'): Digest {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}` as Digest;
}

/** Fails with ERR_TINYD_CONTENT_SIZE or ERR_TINYD_CONTENT_DIGEST unless the bytes are what a descriptor describes. */
export function verifyContent(
  bytes: Uint8Array,
  expected: Pick<Descriptor, 'digest' | 'size'>,
  what: string,
): void {
  if (bytes.length !== expected.size) throw wrongSize(what, expected, bytes.length);
  verifyDigest(bytes, expected.digest, what);
}

/** Fails with ERR_TINYD_CONTENT_DIGEST unless the bytes have this digest. */
export function verifyDigest(bytes: Uint8Array, expected: Digest, what: string): void {
  const actual = digestOf(bytes, digestAlgorithm(expected));
  if (actual === expected) return;
  const shown = digestHex(actual).slice(0, 12);
  throw new TinydError(
    'ERR_TINYD_CONTENT_DIGEST',
    `cannot use ${what}: its content has another digest (${shown}…)`,
    {
      hint: 'the registry, or something before it, altered the content',
      details: { expected, actual },
    },
  );
}

/** The failure for content that is longer or shorter than its descriptor says. */
export function wrongSize(
  what: string,
  { digest, size }: Pick<Descriptor, 'digest' | 'size'>,
  actual: number | string,
): TinydError {
  return new TinydError(
    'ERR_TINYD_CONTENT_SIZE',
    `cannot use ${what}: it has ${actual} bytes instead of ${size}`,
    {
      hint: 'the registry, or something before it, altered the content',
      details: { digest, size, actual },
    },
  );
}
