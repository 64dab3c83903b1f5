/** `sha256:0123456789abcdef…` or a bare ID as its first twelve hex digits. */
export function shortDigest(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1).slice(0, 12);
}
