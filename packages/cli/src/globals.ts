import { TinydError } from '@tinyd/core';
import type { ParsedArgv } from './argv/grammar';

/** Options that every command has. */
export interface Globals {
  /** Folder of images and containers. */
  readonly root: string;
  /** Folder of run-time state. */
  readonly state: string;
  /** `HOST=URL` mirrors, in the order given. */
  readonly registryMirrors: readonly string[];
  readonly debug: boolean;
}

/** Reads the global options: flags win over the environment, a later flag over an earlier one. */
export function resolveGlobals(flags: ParsedArgv['flags'], environment: NodeJS.ProcessEnv): Globals {
  return {
    root: folder('root', flags.get('root')?.at(-1) ?? environment.TINYD_ROOT, '/var/lib/tinyd'),
    state: folder('state', flags.get('state')?.at(-1) ?? environment.TINYD_STATE, '/run/tinyd'),
    registryMirrors: flags.get('registry-mirror') ?? [],
    debug: flags.get('debug')?.at(-1) === 'true' || environment.TINYD_DEBUG === '1',
  };
}

function folder(name: string, given: string | undefined, standard: string): string {
  if (given === undefined || given === '') return standard;
  if (given.startsWith('/')) return given;
  throw new TinydError(
    'ERR_TINYD_OPTION_INVALID',
    `cannot use --${name} ${JSON.stringify(given)}: want an absolute path`,
  );
}

/** Joins what stood before the command's name with what stood behind it. */
export function mergeFlags(before: ParsedArgv['flags'], after: ParsedArgv['flags']): ParsedArgv['flags'] {
  const merged = new Map(before);
  for (const [name, values] of after) merged.set(name, [...(before.get(name) ?? []), ...values]);
  return merged;
}
