/** One challenge of a WWW-Authenticate header (RFC 9110, 11.6.1). Scheme and parameter names are in lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** Registries send a few hundred bytes. */
const MAX_LENGTH = 16 * 1024;

const SPACE = /[ \t]*/y;
const SEPARATORS = /[ \t,]*/y;
const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const TOKEN68 = /[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y;
/** Looser than the RFC: some registries leave the quotes out around URLs. */
const UNQUOTED = /[^\s,"]+/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/y;

/**
 * Reads the challenges of all WWW-Authenticate lines of a response. Commas separate both challenges and parameters, and
 * may stand inside quotes: `Bearer realm="https://a/token",scope="repository:x:pull,push", Basic realm="a"`.
 *
 * What cannot be read is left out, along with the rest of its line.
 */
export function parseChallenges(lines: readonly string[]): Challenge[] {
  return lines.flatMap(line => (line.length > MAX_LENGTH ? [] : parseLine(line)));
}

function parseLine(line: string): Challenge[] {
  const challenges: Challenge[] = [];
  const cursor = new Cursor(line);
  for (;;) {
    cursor.take(SEPARATORS);
    const scheme = cursor.take(TOKEN);
    if (scheme === undefined) return challenges;
    const parameters = new Map<string, string>();
    challenges.push({ scheme: scheme.toLowerCase(), parameters });
    cursor.take(SPACE);
    if (!isParameter(cursor) && cursor.take(TOKEN68) !== undefined) continue;
    while (isParameter(cursor)) {
      const name = (cursor.take(TOKEN) ?? '').toLowerCase();
      cursor.take(SPACE);
      cursor.position++;
      cursor.take(SPACE);
      const value = cursor.quoted() ?? cursor.take(UNQUOTED);
      if (value === undefined) return challenges;
      if (!parameters.has(name)) parameters.set(name, value);
      cursor.take(SEPARATORS);
    }
  }
}

/** True where `name =` follows; `Bearer` of the next challenge is followed by something else. */
function isParameter(cursor: Cursor): boolean {
  const start = cursor.position;
  const named = cursor.take(TOKEN) !== undefined;
  cursor.take(SPACE);
  const follows = named && cursor.text[cursor.position] === '=' && cursor.text[cursor.position + 1] !== '=';
  cursor.position = start;
  return follows;
}

class Cursor {
  readonly text: string;
  position = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** What a sticky pattern matches here, stepping over it. */
  take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.position;
    const match = pattern.exec(this.text)?.[0];
    this.position += match?.length ?? 0;
    return match;
  }

  quoted(): string | undefined {
    return this.take(QUOTED)?.slice(1, -1).replace(/\\(.)/g, '$1');
  }
}
