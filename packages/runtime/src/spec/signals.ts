import { constants } from 'node:os';
import { TinydError } from '@tinyd/core';

const SIGRTMIN = 34;
const SIGRTMAX = 64;

/** Signals that Node does not name. */
const MORE_SIGNALS: Readonly<Record<string, number>> = { SIGCLD: 17, SIGRTMIN, SIGRTMAX };

/**
 * Parses a signal as docker's flags take it: `9`, `KILL`, `sigkill`, `SIGRTMIN+3`, `RTMAX-1`.
 *
 * @returns its number, 1 to 64. Fails with ERR_TINYD_OPTION_INVALID.
 */
export function parseSignal(text: string): number {
  const number = /^\d{1,3}$/.test(text) ? Number(text) : named(text.toUpperCase());
  if (number === undefined || number < 1 || number > SIGRTMAX) {
    throw new TinydError(
      'ERR_TINYD_OPTION_INVALID',
      `cannot use signal ${JSON.stringify(text)}: no such signal`,
      {
        hint: 'a name (TERM, SIGKILL, RTMIN+3) or a number from 1 to 64',
        details: { signal: text },
      },
    );
  }
  return number;
}

function named(upper: string): number | undefined {
  const name = upper.startsWith('SIG') ? upper : `SIG${upper}`;
  const realTime = /^SIGRT(MIN\+|MAX-)(\d{1,2})$/.exec(name);
  if (realTime !== null) {
    const offset = Number(realTime[2]);
    const number = realTime[1] === 'MIN+' ? SIGRTMIN + offset : SIGRTMAX - offset;
    return number >= SIGRTMIN && number <= SIGRTMAX ? number : undefined;
  }
  const known = constants.signals as Readonly<Record<string, number>>;
  return Object.hasOwn(known, name)
    ? known[name]
    : Object.hasOwn(MORE_SIGNALS, name)
      ? MORE_SIGNALS[name]
      : undefined;
}
