import { TinydError } from '@tinyd/core';

/** The failure of a flag whose value cannot be read: `invalid argument "zz" for --memory: …`. */
export function invalidFlag(flag: string, value: string, reason: string, hint?: string): TinydError {
  return new TinydError(
    'ERR_TINYD_OPTION_INVALID',
    `invalid argument ${JSON.stringify(value)} for --${flag}: ${reason}`,
    hint === undefined ? {} : { hint },
  );
}

/** The failure of a flag value that docker knows and tinyd does not do. */
export function unsupportedFlag(flag: string, value: string, reason: string): TinydError {
  return new TinydError(
    'ERR_TINYD_OPTION_UNSUPPORTED',
    `cannot do --${flag} ${JSON.stringify(value)}: ${reason}`,
  );
}
