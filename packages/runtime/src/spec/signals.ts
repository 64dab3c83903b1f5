import { TinydError } from '@tinyd/core';

const SIGRTMIN = 34;
const SIGRTMAX = 64;

/**
 * signal(7), x86 and ARM: 1 to 31, in order. Node's own list is in node:os, which takes longer to load than all that is done with it.
 */
const NAMES = (
  'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT ' +
  'CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'
).split(' ');
const OTHER_NAMES: Readonly<Record<string, number>> = {
  ...{ IOT: 6, CLD: 17, POLL: 29 },
  ...{ RTMIN: SIGRTMIN, RTMAX: SIGRTMAX },
};

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

/** Whether `SIGTERM` is one, in capitals and with its prefix; those of real time are not among them. */
export function isSignalName(name: string): boolean {
  return /^SIG(?!RT)/.test(name) && named(name) !== undefined;
}

function named(upper: string): number | undefined {
  const name = upper.replace(/^SIG/, '');
  const realTime = /^RT(MIN\+|MAX-)(\d{1,2})$/.exec(name);
  if (realTime !== null) {
    const offset = Number(realTime[2]);
    const number = realTime[1] === 'MIN+' ? SIGRTMIN + offset : SIGRTMAX - offset;
    return number >= SIGRTMIN && number <= SIGRTMAX ? number : undefined;
  }
  const number = NAMES.indexOf(name) + 1;
  if (number > 0) return number;
  return Object.hasOwn(OTHER_NAMES, name) ? OTHER_NAMES[name] : undefined;
}
