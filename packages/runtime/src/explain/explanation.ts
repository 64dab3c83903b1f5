import type { LogEntry } from '../logs/entry';
import type { VisibleStatus } from '../state/status';

/** What it comes down to. */
export type Cause =
  | 'running'
  | 'paused'
  | 'never-started'
  /** The last start was refused, or the next one would be. */
  | 'cannot-start'
  /** It exited with status 0. */
  | 'succeeded'
  /** It exited with another status. */
  | 'failed'
  | 'signalled'
  /** A user had asked it to end. */
  | 'stopped'
  | 'out-of-memory'
  /** Its monitor was killed, or the host restarted. */
  | 'lost';

/** One fact, and where it comes from: `Program`, `Memory`, `Port`. */
export interface Finding {
  readonly topic: string;
  readonly text: string;
}

/** Why a container is as it is, in words. */
export interface Explanation {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly status: VisibleStatus;
  /** Of one that has ended. */
  readonly exitCode?: number;
  /** Name of the signal that ended it. */
  readonly signal?: string;
  readonly cause: Cause;
  /** The rest of a sentence that begins with the container's name. */
  readonly verdict: string;
  readonly findings: readonly Finding[];
  /** What to do, the most promising first. */
  readonly advice: readonly string[];
  /** The last that it wrote. */
  readonly log: readonly LogEntry[];
}

/** What a part of the inquiry has to say. */
export interface Diagnosis {
  readonly cause: Cause;
  readonly verdict: string;
  readonly findings: readonly Finding[];
  readonly advice: readonly string[];
}

/** A reason why a container cannot start, now. */
export interface Obstacle {
  /** The rest of a sentence that begins with the container: `its program … is not there`. */
  readonly reason: string;
  readonly findings: readonly Finding[];
  readonly advice: readonly string[];
}
