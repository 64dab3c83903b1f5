import { TinydError } from '@tinyd/core';
import type { Controller } from './hierarchies';

/** The failure of a limit that this host cannot give, which names the controller that it lacks. */
export function unavailable(
  controller: Controller,
  flag: string,
  reason: string,
  hint = flag.startsWith('--') ? `leave ${flag} out, or enable ${controller} on this host` : 'mount it',
): TinydError {
  return new TinydError(
    'ERR_TINYD_CGROUP_UNAVAILABLE',
    `cannot set ${flag}: cgroup controller ${controller}: ${reason}`,
    {
      hint,
      details: { controller, flag },
    },
  );
}
