import { TinydError } from '@tinyd/core';
import { isTerminal } from '../output';

/** Refuses to move an archive over a terminal. Fails with ERR_TINYD_USAGE. */
export function refuseTerminal(what: string, fd: 0 | 1): void {
  if (!isTerminal(fd)) return;
  const [side, sign] = fd === 0 ? ['from', '<'] : ['to', '>'];
  throw new TinydError('ERR_TINYD_USAGE', `cannot ${what} ${side} a terminal`, {
    hint: `use a pipe or a file: tinyd … ${sign} FILE`,
  });
}
