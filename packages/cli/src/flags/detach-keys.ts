import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { TinydError } from '@tinyd/core';
import { invalidFlag } from './invalid';

const DEFAULT = 'ctrl-p,ctrl-q';

/** The bytes of a detach sequence: `a`, `ctrl-p`, `ctrl-@`, comma separated; an empty text switches detaching off. */
export function parseDetachKeys(flag: string, text: string): number[] {
  if (text === '') return [];
  return text.split(',').map(key => {
    if (/^[\x20-\x7e]$/.test(key)) return key.charCodeAt(0);
    const letter = /^ctrl-([a-z@[\\\]^_])$/.exec(key.toLowerCase())?.[1];
    if (letter === undefined)
      throw invalidFlag(flag, text, `${JSON.stringify(key)} is no key such as a or ctrl-p`);
    return letter.toUpperCase().charCodeAt(0) - 64;
  });
}

/** The sequence to use: the flag's, else detachKeys of docker's config.json, else ctrl-p,ctrl-q. */
export function chooseDetachKeys(flag: string | undefined, environment = process.env): number[] {
  if (flag !== undefined) return parseDetachKeys('detach-keys', flag);
  const path = join(
    environment.DOCKER_CONFIG ?? join(environment.HOME ?? homedir(), '.docker'),
    'config.json',
  );
  const configured = readConfigured(path);
  if (configured === undefined) return parseDetachKeys('detach-keys', DEFAULT);
  try {
    return parseDetachKeys('detach-keys', configured);
  } catch (cause) {
    throw new TinydError(
      'ERR_TINYD_OPTION_INVALID',
      `cannot use detachKeys ${JSON.stringify(configured)} of ${path}`,
      {
        cause,
      },
    );
  }
}

function readConfigured(path: string): string | undefined {
  try {
    const config: unknown = JSON.parse(readFileSync(path, 'utf8'));
    const keys =
      typeof config === 'object' && config !== null
        ? (config as { detachKeys?: unknown }).detachKeys
        : undefined;
    return typeof keys === 'string' && keys !== '' ? keys : undefined;
  } catch {
    // A config.json that is missing or broken is the registry client's business; keys fall back to the default.
    return undefined;
  }
}
