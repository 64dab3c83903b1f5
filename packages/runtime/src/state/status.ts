import { TinydError } from '@tinyd/core';
import { currentBootId, startTicksOf } from './processes';
import type { StateFile } from './state-file';

/** docker's words for where a container is in its life. */
export type ContainerStatus = 'created' | 'running' | 'restarting' | 'exited';

/** The same as users see it: a container that runs may be paused. */
export type VisibleStatus = ContainerStatus | 'paused';

/** What may be done to a container in a state. */
export interface StatusRules {
  readonly canStart: boolean;
  /** kill, exec, attach. */
  readonly hasProcess: boolean;
  /** rm without --force. */
  readonly canRemove: boolean;
}

/** The state table: one row for each status. */
export const STATUS_RULES: Readonly<Record<ContainerStatus, StatusRules>> = {
  created: { canStart: true, hasProcess: false, canRemove: true },
  running: { canStart: false, hasProcess: true, canRemove: false },
  restarting: { canStart: false, hasProcess: false, canRemove: false },
  exited: { canStart: true, hasProcess: false, canRemove: true },
};

/** Whether a container has a monitor that goes on: its address and ports are its own. docker calls that running. */
export function isUp(status: ContainerStatus): boolean {
  return status === 'running' || status === 'restarting';
}

/** A container's state as it is now: the state file, checked against the processes that live. */
export interface ObservedState {
  readonly status: ContainerStatus;
  /** Host PID; 0 unless running. */
  readonly pid: number;
  /** Decimal; `0` unless running. */
  readonly startTicks: string;
  /** Of its last run, while it is restarting too. */
  readonly exitCode: number;
  /** Number of the signal that ended it; 0: none, or not known. */
  readonly signal: number;
  readonly oomKilled: boolean;
  /** Processes that the kernel killed for want of memory, until the end. */
  readonly oomKills: number;
  /** The most memory that was in use at once; 0: not known. */
  readonly memoryPeakBytes: number;
  readonly error: string;
  /** How often it was started again by its restart policy since a user started it. */
  readonly restartCount: number;
  /** RFC 3339 with nanoseconds; docker's zero time when it has not happened. */
  readonly startedAt: string;
  readonly finishedAt: string;
  /** The file says running, but nothing runs: the monitor was killed or the host restarted. */
  readonly stale: boolean;
}

/** docker's "never". */
const ZERO_TIME = '0001-01-01T00:00:00Z';

/** Exit status of a container whose monitor did not live to record one. */
export const LOST_EXIT_CODE = 137;

/** What lives of a container; injected so that the table can be tested without processes. */
export interface Liveness {
  readonly bootId: () => string;
  readonly startTicksOf: (pid: number) => string | undefined;
}

const HOST: Liveness = { bootId: currentBootId, startTicksOf };

/** Tells a container's state from its state file; reads take no lock. */
export function observe(file: StateFile | undefined, host: Liveness = HOST): ObservedState {
  if (file === undefined) return CREATED;
  const { startedAt, restartCount = 0 } = file;
  // Spelt out: spreading one object into another takes ten times as long, and `ps` does it for a thousand of them.
  const ended = {
    pid: 0,
    startTicks: '0',
    stale: false,
    exitCode: file.exitCode ?? LOST_EXIT_CODE,
    signal: file.signal ?? 0,
    oomKilled: file.oomKilled ?? false,
    oomKills: file.oomKills ?? 0,
    memoryPeakBytes: file.memoryPeakBytes ?? 0,
    error: file.error ?? '',
    startedAt,
    finishedAt: file.finishedAt ?? ZERO_TIME,
    restartCount,
    status: 'exited' as ContainerStatus,
  };
  if (file.status === 'exited') return ended;
  const lost = whyLost(file, host);
  if (lost !== undefined) return { ...ended, error: lost, stale: true };
  if (file.status === 'restarting') return { ...ended, status: 'restarting' };
  const { pid, startTicks } = file;
  return { ...NOTHING, status: 'running', pid, startTicks, startedAt, restartCount };
}

const NOTHING: Omit<ObservedState, 'status'> = {
  pid: 0,
  startTicks: '0',
  exitCode: 0,
  signal: 0,
  oomKilled: false,
  oomKills: 0,
  memoryPeakBytes: 0,
  error: '',
  restartCount: 0,
  startedAt: ZERO_TIME,
  finishedAt: ZERO_TIME,
  stale: false,
};

const CREATED: ObservedState = { ...NOTHING, status: 'created' };

/** Why a container ended whose monitor recorded no end. */
export const LOST_REASONS = {
  restart: 'the host was restarted while the container ran',
  monitor: 'the monitor of the container was killed',
} as const;

function whyLost(file: StateFile, host: Liveness): string | undefined {
  if (file.bootId !== host.bootId()) return LOST_REASONS.restart;
  const monitorLives = host.startTicksOf(file.monitorPid) === file.monitorStartTicks;
  return monitorLives ? undefined : LOST_REASONS.monitor;
}

/** The verb that leads out of a state. */
const WAYS_OUT: Readonly<Record<VisibleStatus, (name: string) => string>> = {
  created: name => `start it first: tinyd start ${name}`,
  running: name => `stop it first: tinyd stop ${name}, or use --force`,
  restarting: name => `wait until it runs, or stop it: tinyd stop ${name}`,
  exited: name => `start it again: tinyd start ${name}`,
  paused: name => `let it run on first: tinyd unpause ${name}`,
};

/** Refuses a verb in the wrong state, naming the state and the verb that helps; by default one that leads out of it. */
export function wrongState(
  verb: string,
  name: string,
  status: VisibleStatus,
  hint = WAYS_OUT[status](name),
): TinydError {
  return new TinydError(
    'ERR_TINYD_CONTAINER_STATE',
    `cannot ${verb} container ${name}: it is ${STATUS_WORDS[status]}`,
    {
      hint,
      details: { container: name, status },
    },
  );
}

const STATUS_WORDS: Readonly<Record<VisibleStatus, string>> = {
  created: 'created, but not started',
  running: 'running',
  restarting: 'restarting',
  exited: 'not running',
  paused: 'paused',
};
