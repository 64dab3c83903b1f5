import type { RestartPolicy } from '@tinyd/runtime';
import { invalidFlag } from './invalid';
import { parseInteger } from './numbers';

const NAMES = ['no', 'on-failure', 'always', 'unless-stopped'] as const;

/** `--restart on-failure:3`. */
export function parseRestartPolicy(flag: string, text: string): RestartPolicy {
  const [word = '', times, ...rest] = text.split(':');
  const name = NAMES.find(each => each === (word === '' ? 'no' : word));
  if (name === undefined || rest.length > 0) {
    throw invalidFlag(flag, text, 'want no, on-failure[:TIMES], always or unless-stopped');
  }
  const maximumRetryCount = times === undefined ? 0 : parseInteger(flag, times, 0);
  if (maximumRetryCount !== 0 && name !== 'on-failure') {
    throw invalidFlag(flag, text, 'only on-failure takes a number of times');
  }
  return { name, maximumRetryCount };
}
