/** One line (or a 16 KiB piece of a longer one) that a container wrote. */
export interface LogEntry {
  readonly stream: 'stdout' | 'stderr';
  /** RFC 3339 with nanoseconds, UTC. */
  readonly time: string;
  /** What was written, its line break included where there was one. */
  readonly text: string;
}

/** Parses a line of docker's json-file format; undefined when it is none (a torn write of a full disk). */
export function parseLogLine(line: string): LogEntry | undefined {
  let value: { readonly log?: unknown; readonly stream?: unknown; readonly time?: unknown };
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { log, stream, time } = value ?? {};
  if (typeof log !== 'string' || typeof time !== 'string') return undefined;
  return { stream: stream === 'stderr' ? 'stderr' : 'stdout', time, text: log };
}

/** Nanoseconds since the epoch of an RFC 3339 time in UTC; undefined when it is none. */
export function timeToNanoseconds(time: string): bigint | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(time);
  if (match === null) return undefined;
  const milliseconds = Date.parse(`${match[1]}${match[3]}`);
  if (Number.isNaN(milliseconds)) return undefined;
  return BigInt(milliseconds) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'));
}
