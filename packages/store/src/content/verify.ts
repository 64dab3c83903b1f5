import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { type Digest, digestAlgorithm, digestHex } from '@tinyd/core';
import { digestHexOf } from '@tinyd/native';

const CHUNK_BYTES = 1024 * 1024;

/** True when `bytes` are what `digest` names. */
export function matchesDigest(bytes: Uint8Array, digest: Digest): boolean {
  return digestHexOf(digestAlgorithm(digest), bytes) === digestHex(digest);
}

/** True when the file is what `digest` names. Reads it in pieces, off the main thread. */
export async function fileMatchesDigest(path: string, digest: Digest): Promise<boolean> {
  const hash = createHash(digestAlgorithm(digest));
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  const file = await open(path, 'r');
  try {
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) return hash.digest('hex') === digestHex(digest);
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}
