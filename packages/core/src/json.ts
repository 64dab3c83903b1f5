import { TinydError } from './errors';

/** Deeper than any document that tinyd reads; image documents have about six levels. */
const MAX_DEPTH = 64;
/** Objects and arrays in one document. An index of 10 000 entries has some 40 000. */
const MAX_NODES = 100_000;
/** Commas in one document, which separate keys and items. */
const MAX_SEPARATORS = 400_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const OPEN_OBJECT = 0x7b;
const CLOSE_ARRAY = 0x5d;
const CLOSE_OBJECT = 0x7d;

/**
 * Parses JSON from an untrusted sender: UTF-8 without byte order mark, bounded in length, depth and number of values, no
 * `__proto__` keys. Of duplicate keys the last one counts, as everywhere in tinyd.
 *
 * @param what names the document in error messages: "image manifest".
 *
 * Fails with ERR_TINYD_DOCUMENT_INVALID.
 */
export function parseJson(bytes: Uint8Array, what: string, limitBytes: number): unknown {
  if (bytes.length > limitBytes)
    throw invalidDocument(what, `it has ${bytes.length} bytes, more than ${limitBytes}`);
  checkShape(bytes, what);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw invalidDocument(what, bytes.length === 0 ? 'it is empty' : 'it is not JSON', cause);
  }
  if (hasPrototypeKey(value)) throw invalidDocument(what, 'it has a key "__proto__"');
  return value;
}

/** The failure every parser of documents reports. */
export function invalidDocument(what: string, reason: string, cause?: unknown): TinydError {
  return new TinydError(
    'ERR_TINYD_DOCUMENT_INVALID',
    `invalid ${what}: ${reason}`,
    cause === undefined ? {} : { cause },
  );
}

/** Counts before parsing, since a few megabytes of brackets make JSON.parse take hundreds. */
function checkShape(bytes: Uint8Array, what: string): void {
  let depth = 0;
  let nodes = 0;
  let separators = 0;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (inString) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) {
      inString = true;
    } else if (byte === COMMA) {
      if (++separators > MAX_SEPARATORS)
        throw invalidDocument(what, `it has more than ${MAX_SEPARATORS} keys and items`);
    } else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
      if (++depth > MAX_DEPTH) throw invalidDocument(what, `it is nested deeper than ${MAX_DEPTH} levels`);
      if (++nodes > MAX_NODES)
        throw invalidDocument(what, `it has more than ${MAX_NODES} objects and arrays`);
    } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
      depth--;
    }
  }
}

function hasPrototypeKey(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Object.hasOwn(value, '__proto__')) return true;
  return Object.values(value).some(hasPrototypeKey);
}
