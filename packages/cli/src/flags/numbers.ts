import { invalidFlag } from './invalid';

const SIZE = /^(\d+(?:\.\d+)?) ?(?:([kmgtp])?(?:i?b)?)$/i;
const EXPONENT: Readonly<Record<string, number>> = { k: 1, m: 2, g: 3, t: 4, p: 5 };

/** Bytes from `64m`, `1.5g`, `512` (docker's RAMInBytes: powers of 1024, b/k/m/g/t/p, any case). */
export function parseMemory(flag: string, text: string): number {
  return parseScaled(flag, text, 1024);
}

/** Bytes from `10m` in powers of 1000 (docker's FromHumanSize, which log-opt max-size uses). */
export function parseDecimalSize(flag: string, text: string): number {
  return parseScaled(flag, text, 1000);
}

function parseScaled(flag: string, text: string, base: number): number {
  const match = SIZE.exec(text.trim());
  if (match === null) throw invalidFlag(flag, text, 'want a size such as 512m (b, k, m or g)');
  const bytes = Math.floor(Number(match[1]) * base ** (EXPONENT[(match[2] ?? '').toLowerCase()] ?? 0));
  if (!Number.isSafeInteger(bytes)) throw invalidFlag(flag, text, 'the size is too large');
  return bytes;
}

/** `--memory-swap`: a size, or -1 for no limit. */
export function parseMemorySwap(flag: string, text: string): number {
  return text.trim() === '-1' ? -1 : parseMemory(flag, text);
}

/** A whole number within bounds, both included. */
export function parseInteger(flag: string, text: string, min: number, max = Number.MAX_SAFE_INTEGER): number {
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw invalidFlag(flag, text, 'want a whole number');
  if (value < min || value > max) {
    const range = max === Number.MAX_SAFE_INTEGER ? `at least ${min}` : `between ${min} and ${max}`;
    throw invalidFlag(flag, text, `want a number ${range}`);
  }
  return value;
}

/** `--cpus 1.5` in billionths of a CPU; at most nine decimals, as docker. */
export function parseCpus(flag: string, text: string): number {
  const match = /^\+?(\d*)(?:\.(\d*))?$/.exec(text);
  if (match === null || (match[1] ?? '') + (match[2] ?? '') === '') {
    throw invalidFlag(flag, text, 'want a number of CPUs such as 0.5');
  }
  const decimals = match[2] ?? '';
  if (decimals.length > 9) throw invalidFlag(flag, text, 'want at most nine decimals');
  const nano = Number(match[1]) * 1e9 + Number(decimals.padEnd(9, '0'));
  if (!Number.isSafeInteger(nano)) throw invalidFlag(flag, text, 'the number is too large');
  return nano;
}

/** `--cpuset-cpus 0-3,5`: the list format of cpuset(7); the kernel judges whether the numbers exist. */
export function parseCpuset(flag: string, text: string): string {
  if (!/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(text))
    throw invalidFlag(flag, text, 'want a list such as 0-3 or 0,1');
  return text;
}

const LIMIT_NAMES = [
  'core',
  'cpu',
  'data',
  'fsize',
  'locks',
  'memlock',
  'msgqueue',
  'nice',
  'nofile',
  'nproc',
  'rss',
  'rtprio',
  'rttime',
  'sigpending',
  'stack',
];

/** `--ulimit nofile=1024:2048`; one number is both limits, -1 is unlimited. */
export function parseUlimit(flag: string, text: string): { name: string; soft: number; hard: number } {
  const match = /^([a-z]+)=(-?\d+)(?::(-?\d+))?$/.exec(text);
  if (match === null) throw invalidFlag(flag, text, 'want NAME=SOFT[:HARD]');
  const name = match[1] ?? '';
  if (!LIMIT_NAMES.includes(name)) throw invalidFlag(flag, text, `want one of ${LIMIT_NAMES.join(', ')}`);
  const soft = parseInteger(flag, match[2] ?? '', -1);
  const hard = match[3] === undefined ? soft : parseInteger(flag, match[3], -1);
  if (hard !== -1 && (soft === -1 || soft > hard)) {
    throw invalidFlag(flag, text, 'the soft limit may not exceed the hard limit');
  }
  return { name, soft, hard };
}
