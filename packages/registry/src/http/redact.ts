/**
 * A URL as it may be shown and logged: without user, password, query and fragment, which carry signatures of the
 * registry's storage.
 */
export function redactUrl(url: URL): string {
  return `${url.origin}${printable(url.pathname, 300)}${url.search ? '?…' : ''}`;
}

/** Foreign text on one line of a terminal: control characters and runs of white space become one space. */
export function printable(text: string, limit = 200): string {
  // C0 and C1 controls, and the marks that reorder or hide text.
  const line = text
    .replace(/[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+/g, ' ')
    .trim();
  return line.length > limit ? `${line.slice(0, limit - 1)}…` : line;
}
