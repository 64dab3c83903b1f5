import { TinydError } from '@tinyd/core';

/** The failure to find a network. */
export function networkNotFound(text: string): TinydError {
  return new TinydError(
    'ERR_TINYD_NETWORK_NOT_FOUND',
    `cannot find network ${JSON.stringify(text)}: no such network`,
    {
      hint: 'tinyd network ls lists them, tinyd network create makes one',
      details: { text },
    },
  );
}
