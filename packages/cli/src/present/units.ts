/** Sizes and times in docker's words (the go-units library). */

const DECIMAL = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'];
const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB'];

/** Powers of 1000, `precision` significant digits as C's %g prints them: 104MB, 1.24GB, 0B. */
export function humanSize(bytes: number, precision = 3): string {
  return scaled(bytes, 1000, DECIMAL, precision);
}

/** Powers of 1024, four significant digits: 64MiB, 1.5GiB. */
export function binarySize(bytes: number): string {
  return scaled(bytes, 1024, BINARY, 4);
}

function scaled(bytes: number, base: number, units: readonly string[], precision: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= base && unit < units.length - 1) {
    value /= base;
    unit += 1;
  }
  return `${general(value, precision)}${units[unit] ?? ''}`;
}

/** C's %.<precision>g, which drops trailing zeros and turns to an exponent from 10^precision on. */
function general(value: number, precision: number): string {
  const text = value.toPrecision(precision);
  if (text.includes('e')) {
    const [mantissa = '', exponent = '+0'] = text.split('e');
    const digits = exponent.slice(1).padStart(2, '0');
    return `${trimZeros(mantissa)}e${exponent.charAt(0)}${digits}`;
  }
  return trimZeros(text);
}

function trimZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** A length of time as docker says it: `Less than a second`, `About a minute`, `3 hours`, `2 weeks`. */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.round(seconds / 3600);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.trunc(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.trunc(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.trunc(hours / 24 / 30)} months`;
  return `${Math.trunc(seconds / 3600 / 24 / 365)} years`;
}

/** `2 hours ago`; an unknown or unset time (year 1, as Go writes it) is `N/A`. */
export function timeAgo(time: string | undefined, now: number): string {
  const at = time === undefined ? Number.NaN : Date.parse(time);
  if (Number.isNaN(at) || at < Date.UTC(1, 0, 1)) return 'N/A';
  return `${humanDuration(Math.max(0, now - at))} ago`;
}

/** A time as docker's CreatedAt prints it: `2026-01-02 15:04:05 +0000 UTC`, in the local zone. */
export function localTime(time: string): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return time;
  const { day, clock, offset } = localParts(date);
  const name = /\(|\d/.test(zoneName(date)) ? offset : zoneName(date);
  return `${day} ${clock} ${offset} ${name}`;
}

/** A time to the second in the local zone, by RFC 3339: `2026-01-02T15:04:05Z`, as docker's history has it. */
export function rfc3339(time: string): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return time;
  const { day, clock, offset } = localParts(date);
  return `${day}T${clock}${offset === '+0000' ? 'Z' : offset.replace(/(..)$/, ':$1')}`;
}

function localParts(date: Date): { readonly day: string; readonly clock: string; readonly offset: string } {
  const two = (value: number) => String(value).padStart(2, '0');
  const minutes = -date.getTimezoneOffset();
  const sign = minutes < 0 ? '-' : '+';
  return {
    day: `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`,
    clock: [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':'),
    offset: `${sign}${two(Math.trunc(Math.abs(minutes) / 60))}${two(Math.abs(minutes) % 60)}`,
  };
}

function zoneName(date: Date): string {
  if (date.getTimezoneOffset() === 0 && (process.env.TZ ?? 'UTC') === 'UTC') return 'UTC';
  const part = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' })
    .formatToParts(date)
    .find(each => each.type === 'timeZoneName');
  return part?.value ?? 'UTC';
}
