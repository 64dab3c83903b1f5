import { constants } from 'node:os';

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** 64MiB, 1.5GiB. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${Number(value.toFixed(1))}${UNITS[unit]}`;
}

/** The time between two moments: `0.2 seconds`, `3 minutes`, `2 days`. */
export function durationText(from: string, to: string): string {
  const seconds = Math.max(0, Date.parse(to) - Date.parse(from)) / 1000;
  if (seconds < 10) return counted(Number(seconds.toFixed(1)), 'second');
  if (seconds < 120) return counted(Math.round(seconds), 'second');
  if (seconds < 7200) return counted(Math.round(seconds / 60), 'minute');
  if (seconds < 172_800) return counted(Math.round(seconds / 3600), 'hour');
  return counted(Math.round(seconds / 86_400), 'day');
}

/** `1 process`, `2 processes`. */
export function counted(count: number, thing: string): string {
  if (count === 1) return `1 ${thing}`;
  return `${count} ${thing}${thing.endsWith('s') ? 'es' : 's'}`;
}

/** `SIGKILL` of 9; a real-time signal by its distance from the first. */
export function signalName(signal: number): string {
  const named = Object.entries(constants.signals).find(([, number]) => number === signal);
  return named?.[0] ?? `signal ${signal}`;
}

/** A mode as chmod takes it: 0644. */
export function modeText(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}

/** 1st, 2nd, 3rd, 11th. */
export function ordinal(count: number): string {
  const tens = count % 100;
  const ending = tens >= 11 && tens <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][count % 10] ?? 'th');
  return `${count}${ending}`;
}
