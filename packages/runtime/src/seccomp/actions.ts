import { TinydError } from '@tinyd/core';
import type { SeccompAction, SeccompFlag } from '../spec-types';

/** What a filter returns (linux/seccomp.h); the lower half of some is data. */
const RETURNS: Readonly<Record<SeccompAction, number | undefined>> = {
  SCMP_ACT_KILL_PROCESS: 0x80000000,
  SCMP_ACT_KILL_THREAD: 0x00000000,
  SCMP_ACT_KILL: 0x00000000,
  SCMP_ACT_TRAP: 0x00030000,
  SCMP_ACT_ERRNO: 0x00050000,
  SCMP_ACT_TRACE: 0x7ff00000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_ALLOW: 0x7fff0000,
  // Needs a listener that outlives the container's start: tinyd has none.
  SCMP_ACT_NOTIFY: undefined,
};

const FLAGS: Readonly<Record<SeccompFlag, number>> = {
  SECCOMP_FILTER_FLAG_TSYNC: 1,
  SECCOMP_FILTER_FLAG_LOG: 2,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW: 4,
  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV: 32,
};

export const EPERM = 1;
export const ENOSYS = 38;
/** MAX_ERRNO: the kernel lowers what is above to it. */
const MAX_ERRNO = 4095;

/** For calls of an architecture that the profile does not name. */
export const KILL_PROCESS = 0x80000000;
export const RETURN_ENOSYS = 0x00050000 | ENOSYS;

/**
 * The return value for an action.
 *
 * @param errnoRet error number or tracer's message; EPERM by default.
 * @throws ERR_TINYD_SECCOMP_INVALID for SCMP_ACT_NOTIFY and for numbers that do not fit.
 */
export function returnValue(action: SeccompAction, errnoRet: number | undefined): number {
  const value = RETURNS[action];
  if (value === undefined) {
    throw new TinydError(
      'ERR_TINYD_SECCOMP_INVALID',
      `cannot compile seccomp profile: ${action} is not supported`,
      {
        hint: 'use an action that needs no listener',
        details: { action },
      },
    );
  }
  const isErrno = action === 'SCMP_ACT_ERRNO';
  if (!isErrno && action !== 'SCMP_ACT_TRACE') return value;
  const data = errnoRet ?? EPERM;
  const limit = isErrno ? MAX_ERRNO : 0xffff;
  if (!Number.isInteger(data) || data < 0 || data > limit) {
    throw new TinydError(
      'ERR_TINYD_SECCOMP_INVALID',
      `cannot compile seccomp profile: errnoRet ${data} is not within 0 to ${limit}`,
      { hint: 'correct errnoRet', details: { errnoRet: data } },
    );
  }
  return value | data;
}

/** True where calls newer than the profile are left to the default action: it lets them through, or to a tracer. */
export function isPermissive(action: SeccompAction): boolean {
  return action === 'SCMP_ACT_ALLOW' || action === 'SCMP_ACT_LOG' || action === 'SCMP_ACT_TRACE';
}

/** Flags for seccomp(2). Absent: SPEC_ALLOW, as docker's runtime does; an empty list: none. */
export function flagBits(flags: readonly SeccompFlag[] | undefined): number {
  return (flags ?? ['SECCOMP_FILTER_FLAG_SPEC_ALLOW']).reduce((bits, flag) => bits | FLAGS[flag], 0);
}
