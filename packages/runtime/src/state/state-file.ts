import { TinydError } from '@tinyd/core';
import { readIfThere, replaceEvenIfFull } from '../atomic-file';

/**
 * `state.json`: what the monitor records of its process, replaced as a whole at start and at the end.
 *
 * A container that was never started has none. `startTicks` (field 22 of /proc/PID/stat) and `bootId` tell the
 * process from a later one with the same PID; the text is decimal, since ticks may exceed 2^53.
 */
export interface StateFile {
  readonly status: 'running' | 'restarting' | 'exited';
  /** Host PID of the container's process; 0 when it is restarting. */
  readonly pid: number;
  readonly startTicks: string;
  readonly monitorPid: number;
  readonly monitorStartTicks: string;
  /** /proc/sys/kernel/random/boot_id. */
  readonly bootId: string;
  /** How often the monitor has started the process again. Absent: never, by a monitor of an older tinyd. */
  readonly restartCount?: number;
  /** RFC 3339 with nanoseconds, UTC. */
  readonly startedAt: string;
  /** Not when running. */
  readonly finishedAt?: string;
  /** Exit status as docker counts: 128 + n when signal n ended it. Not when running. */
  readonly exitCode?: number;
  /** Number of the signal that ended it; 0: it exited by itself. */
  readonly signal?: number;
  readonly oomKilled?: boolean;
  /** Processes that the kernel killed for want of memory. */
  readonly oomKills?: number;
  /** The most memory that was in use at once; 0: the kernel does not tell. */
  readonly memoryPeakBytes?: number;
  /** Why the process ended, when it was not by itself. */
  readonly error?: string;
}

/** Reads a state file; undefined when there is none. Fails with ERR_TINYD_SYSTEM when it is no state file. */
export function readStateFile(path: string): StateFile | undefined {
  const text = readIfThere(path);
  return text === undefined ? undefined : parseStateFile(text, path);
}

/** The same, of a text that was read already. */
export function parseStateFile(text: string, path: string): StateFile | undefined {
  // What a power cut leaves of a file that was not flushed.
  if (text === '') return undefined;
  const value = parse(text);
  if (!isStateFile(value)) {
    throw new TinydError('ERR_TINYD_SYSTEM', `cannot read ${path}: not a state file`, {
      hint: 'remove the container with tinyd rm -f',
      details: { path },
    });
  }
  return value;
}

/** Writes a final state in place of a monitor that is gone. */
export function writeStateFile(path: string, state: StateFile): void {
  replaceEvenIfFull(path, `${JSON.stringify(state)}\n`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isStateFile(value: unknown): value is StateFile {
  if (typeof value !== 'object' || value === null) return false;
  const state = value as Record<string, unknown>;
  return (
    ['running', 'restarting', 'exited'].includes(String(state.status)) &&
    Number.isSafeInteger(state.pid) &&
    typeof state.startTicks === 'string' &&
    /^\d+$/.test(state.startTicks) &&
    typeof state.bootId === 'string' &&
    typeof state.startedAt === 'string' &&
    (state.status === 'running' || Number.isSafeInteger(state.exitCode))
  );
}
