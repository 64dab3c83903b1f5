import type { StopOptions } from '@tinyd/runtime';
import { text } from './define';
import { parseInteger } from './numbers';
import { parseSignal } from './process';

/** Flags of `stop` and `restart`. */
export const stopFlags = {
  timeout: text('Seconds until the stop becomes a kill; -1: never', 'SECONDS', {
    char: 't',
    aliases: ['time'],
  }),
  signal: text('Signal that asks to stop', 'SIGNAL', { char: 's' }),
};

/** Their values as the runtime wants them. */
export function stopOptions(flags: { timeout: string | undefined; signal: string | undefined }): StopOptions {
  return {
    ...(flags.timeout === undefined ? {} : { timeout: parseInteger('timeout', flags.timeout, -1) }),
    ...(flags.signal === undefined ? {} : { signal: parseSignal('signal', flags.signal) }),
  };
}
