import { invalidFlag } from './invalid';
import { parseDuration } from './log-times';

const ACTIONS = ['none', 'kill', 'restart', 'stop'] as const;

/** `--health-interval 1m30s` in nanoseconds; 0 leaves it to the image. */
export function parseHealthTime(flag: string, text: string): number {
  const nanoseconds = text === '0' ? 0 : parseDuration(text);
  if (nanoseconds === undefined) throw invalidFlag(flag, text, 'want a length of time such as 30s or 1m30s');
  if (nanoseconds < 0) throw invalidFlag(flag, text, 'it cannot be negative');
  if (nanoseconds !== 0 && nanoseconds < 1e6) throw invalidFlag(flag, text, 'it cannot be less than 1ms');
  if (!Number.isSafeInteger(nanoseconds)) throw invalidFlag(flag, text, 'it is too long');
  return nanoseconds;
}

/** `--health-on-failure`: podman's words. */
export function parseHealthAction(flag: string, text: string): (typeof ACTIONS)[number] {
  const action = ACTIONS.find(each => each === text);
  if (action === undefined) throw invalidFlag(flag, text, `want one of ${ACTIONS.join(', ')}`);
  return action;
}
