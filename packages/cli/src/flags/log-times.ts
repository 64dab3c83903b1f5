import { invalidFlag } from './invalid';

const UNIT_NS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/**
 * `--since`, `--until`: a time (RFC 3339, a date, unix seconds with up to nine decimals) or an age (Go's `42m`, `1h30m`).
 *
 * A time without a zone is local time, as in docker.
 *
 * @returns nanoseconds since the epoch.
 */
export function parseLogTime(flag: string, text: string, nowMs: number): bigint {
  const seconds = /^(\d+)(?:\.(\d{1,9}))?$/.exec(text);
  if (seconds !== null)
    return BigInt(seconds[1] ?? '0') * 1_000_000_000n + BigInt((seconds[2] ?? '').padEnd(9, '0'));
  const age = parseDuration(text);
  if (age !== undefined) return BigInt(nowMs) * 1_000_000n - BigInt(Math.round(age));
  return parseDate(flag, text);
}

/** Nanoseconds of a Go duration; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  if (!/^[+-]?(\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)((\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h))*$/.test(text))
    return undefined;
  const sign = text.startsWith('-') ? -1 : 1;
  let total = 0;
  for (const [, value, unit] of text.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g))
    total += Number(value) * (UNIT_NS[unit ?? ''] ?? 0);
  return sign * total;
}

function parseDate(flag: string, text: string): bigint {
  const match = /^(\d{4}-\d\d-\d\d)(?:T(\d\d(?::\d\d(?::\d\d)?)?)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)?$/.exec(
    text,
  );
  const [, date = '', clock = '00:00:00', decimals = '', zone = ''] = match ?? [];
  const milliseconds = Date.parse(`${date}T${clock.padEnd(8, ':00')}${zone}`);
  if (match === null || Number.isNaN(milliseconds)) {
    throw invalidFlag(
      flag,
      text,
      'want a time such as 2026-01-02T13:23:37Z, unix seconds, or an age such as 42m',
    );
  }
  return BigInt(milliseconds) * 1_000_000n + BigInt(decimals.padEnd(9, '0'));
}
