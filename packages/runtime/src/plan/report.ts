import { TinydError } from '@tinyd/core';

/** Where a helper stopped; by number, as in enum report_stage of native/helper/report.h. */
export const REPORT_STAGES = [
  'started',
  'plan',
  'lock',
  'cgroup',
  'clone',
  'network-host',
  'network-container',
  'network-ports',
  'port-claim',
  'join',
  'rootfs',
  'mount',
  'device',
  'pivot',
  'hostname',
  'sysctl',
  'rlimit',
  'keyring',
  'cwd',
  'user',
  'capabilities',
  'seccomp',
  'exec',
  'terminal',
  'log',
  'socket',
  'system',
] as const;

export type ReportStage = (typeof REPORT_STAGES)[number];

/** What the helper says on the report pipe: one of these, then end of file. */
export interface HelperReport {
  readonly stage: ReportStage;
  /** Positive errno; 0 with stage `started`. */
  readonly errno: number;
  /** The operand: path, cgroup file, address. */
  readonly operand: string;
  /** Host PID of the container's process, with stage `started`. */
  readonly pid: number;
  readonly warnings: readonly string[];
}

/**
 * Reads what the helper wrote to the report pipe: stage, errno, pid, operand, warnings.
 *
 * Fails with ERR_TINYD_START_FAILED when the helper ended without a whole report (killed, out of memory).
 */
export function decodeReport(bytes: Buffer): HelperReport {
  let at = 0;
  const u32 = (): number => {
    if (at + 4 > bytes.length) throw incomplete(bytes);
    at += 4;
    return bytes.readUInt32LE(at - 4);
  };
  const string = (): string => {
    const length = u32();
    if (at + length > bytes.length) throw incomplete(bytes);
    at += length;
    return bytes.toString('utf8', at - length, at);
  };
  const stage = REPORT_STAGES[u32()];
  if (stage === undefined) throw incomplete(bytes);
  const errno = u32();
  const pid = u32();
  const operand = string();
  const warnings = Array.from({ length: Math.min(u32(), bytes.length) }, string);
  return { stage, errno, operand, pid, warnings };
}

function incomplete(bytes: Buffer): TinydError {
  return new TinydError('ERR_TINYD_START_FAILED', 'cannot start the helper: it ended without a report', {
    hint: 'look for an out-of-memory kill in dmesg',
    details: { bytes: bytes.length },
  });
}
