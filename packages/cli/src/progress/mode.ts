import { TinydError } from '@tinyd/core';
import { isTerminal } from '../output';
import type { ProgressMode } from './pull-progress';

const STDERR = 2;

/** `--progress auto|tty|plain|json|none`; auto draws bars on a terminal and prints lines elsewhere. */
export function chooseProgress(flag: string | undefined, quiet: boolean): ProgressMode {
  if (quiet) return 'none';
  switch (flag ?? 'auto') {
    case 'auto':
      return isTerminal(STDERR) && process.env.TERM !== 'dumb' ? 'tty' : 'plain';
    case 'tty':
    case 'plain':
    case 'json':
    case 'none':
      return flag as ProgressMode;
    default:
      throw new TinydError(
        'ERR_TINYD_OPTION_INVALID',
        `invalid argument ${JSON.stringify(flag)} for --progress: want auto, tty, plain, json or none`,
      );
  }
}
