import { readFileSync } from 'node:fs';
import { TinydError } from '@tinyd/core';
import { invalidFlag } from './invalid';

/** Host variables, as process.env has them. */
export type HostEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * `--env` and `--env-file` resolved to `K=V`: files first, then flags, later ones win.
 * A bare `K` takes the host's value. Where the host has none, docker's rule: a line of a file is left out, a flag
 * stays `K`, which removes the variable of the image.
 */
export function resolveEnvironment(
  files: readonly string[],
  entries: readonly string[],
  host: HostEnvironment,
): string[] {
  const resolved = new Map<string, string>();
  for (const file of files) {
    for (const line of readLines('env-file', file)) {
      const entry = withValue(line, host);
      if (entry.includes('=')) resolved.set(nameOf(entry), entry);
    }
  }
  for (const entry of entries) {
    if (entry === '' || entry.startsWith('=')) throw invalidFlag('env', entry, 'the variable has no name');
    resolved.set(nameOf(entry), withValue(entry, host));
  }
  return [...resolved.values()];
}

/** `K=V` of `K` where the host has it. */
function withValue(entry: string, host: HostEnvironment): string {
  const value = entry.includes('=') ? undefined : host[entry];
  return value === undefined ? entry : `${entry}=${value}`;
}

function nameOf(entry: string): string {
  return entry.split('=', 1)[0] ?? '';
}

/** `--label` and `--label-file`: files first, later ones win, a bare key has an empty value. */
export function resolveLabels(files: readonly string[], entries: readonly string[]): Record<string, string> {
  const lines = files.flatMap(file => readLines('label-file', file));
  return resolvePairs('label', [...lines, ...entries]);
}

/** `KEY[=VALUE]` entries of a flag; later ones win, and no key can reach an object's prototype. */
export function resolvePairs(flag: string, entries: readonly string[]): Record<string, string> {
  const pairs = new Map<string, string>();
  for (const entry of entries) {
    const equals = entry.indexOf('=');
    const key = equals === -1 ? entry : entry.slice(0, equals);
    if (key === '') throw invalidFlag(flag, entry, 'the key is empty');
    pairs.set(key, equals === -1 ? '' : entry.slice(equals + 1));
  }
  return Object.fromEntries(pairs);
}

/** Lines of an env or label file: `#` comments and blank lines left out, no shell quoting. */
function readLines(flag: string, path: string): string[] {
  const lines: string[] = [];
  for (const [index, raw] of readText(flag, path).split('\n').entries()) {
    const line = raw.replace(/\r$/, '').trimStart();
    if (line === '' || line.startsWith('#')) continue;
    const name = line.split('=', 1)[0] ?? '';
    if (name === '' || /\s/.test(name)) {
      const why = name === '' ? 'has no name' : `has white space in its name ${JSON.stringify(name)}`;
      throw new TinydError(
        'ERR_TINYD_OPTION_INVALID',
        `cannot use --${flag} ${path}: line ${index + 1} ${why}`,
      );
    }
    lines.push(line);
  }
  return lines;
}

function readText(flag: string, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? '';
    const reason = code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'it is not UTF-8' : code;
    throw new TinydError('ERR_TINYD_OPTION_INVALID', `cannot read --${flag} ${path}: ${reason}`, { cause });
  }
}
