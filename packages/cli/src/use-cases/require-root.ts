import { TinydError } from '@tinyd/core';

/**
 * Refuses early and in one line what only root can do.
 *
 * @param command the command's name, for the hint.
 * @param why what needs root: "layers keep the owners that the image gives them".
 */
export function requireRoot(command: string, why: string): void {
  if (process.geteuid?.() === 0) return;
  throw new TinydError('ERR_TINYD_NOT_ROOT', `cannot run tinyd ${command} as an ordinary user: ${why}`, {
    hint: `run it as root: sudo tinyd ${command} …`,
  });
}
