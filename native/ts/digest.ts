import { sys } from './sys';

/**
 * The hexadecimal digest of bytes that are there already. node:crypto gives the same, but takes 4 ms to load: more than
 * a tenth of a whole `run`.
 */
export function digestHexOf(algorithm: 'sha256' | 'sha512', bytes: Uint8Array): string {
  return sys().digest(algorithm, bytes);
}

/** Up to 1024 bytes of the kernel's random number generator (getrandom(2)). */
export function randomBytes(count: number): Buffer {
  return sys().randomBytes(count);
}

/** A whole number of 0 to `limit` - 1, each as likely as the others; `limit` is at most 2^32. */
export function randomBelow(limit: number): number {
  // Numbers beyond the last whole multiple would make the small ones likelier.
  const end = 2 ** 32 - (2 ** 32 % limit);
  for (;;) {
    const number = randomBytes(4).readUInt32LE();
    if (number < end) return number % limit;
  }
}
