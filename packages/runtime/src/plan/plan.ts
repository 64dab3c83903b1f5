import type { ContainerPlan, JoinPlan } from './container';
import type { HealthPlan } from './health';
import type { ProcessPlan } from './process';
import type { SessionPlan } from './session';

/**
 * What the helper is to do, in full. TypeScript decides everything here; the helper executes it in order and decides
 * nothing. `encode.ts` lowers a plan to the flat binary form that `native/helper/plan.c` reads.
 *
 * Descriptors of the helper at start: 0-2 as the caller's choice, 3 the encoded plan, 4 the report pipe,
 * 5 the first attach client's socket (or closed).
 */
export interface Plan {
  readonly session: SessionPlan;
  /** A new container, or a process that joins one. */
  readonly target: ContainerPlan | JoinPlan;
  readonly process: ProcessPlan;
  /** How a container is asked whether it is well. */
  readonly health?: HealthPlan;
  /** Absent: nobody is told what happens to it. */
  readonly events?: EventsPlan;
}

/** What the monitor writes to the journal of events besides what has happened: pieces of its lines, as JSON. */
export interface EventsPlan {
  readonly journal: string;
  /** The members `id` and `from`. */
  readonly head: string;
  /** ID of the container. */
  readonly actor: string;
  /** Members of the attributes, without braces; at least one. */
  readonly attributes: string;
}
