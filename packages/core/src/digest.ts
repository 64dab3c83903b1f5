import { TinydError } from './errors';

declare const brand: unique symbol;

/** `sha256:` + 64 or `sha512:` + 128 lower-case hex digits. Made only by {@link parseDigest}. */
export type Digest = string & { readonly [brand]: 'Digest' };

const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

/** True for a digest of an algorithm that tinyd verifies. Only such a string may become a path. */
export function isDigest(text: unknown): text is Digest {
  return typeof text === 'string' && DIGEST.test(text);
}

/**
 * Accepts a digest as the image-spec writes it (descriptor.md, "Digests").
 *
 * Fails with ERR_TINYD_DIGEST_INVALID.
 */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  const shown = JSON.stringify(text.slice(0, 100));
  throw new TinydError(
    'ERR_TINYD_DIGEST_INVALID',
    `cannot use ${shown} as a digest: want sha256:<64 hex> or sha512:<128 hex>`,
  );
}

/** The algorithm in front of the colon: `sha256` or `sha512`. */
export function digestAlgorithm(digest: Digest): 'sha256' | 'sha512' {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256';
}

/** The hex digits behind the colon. */
export function digestHex(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1);
}
