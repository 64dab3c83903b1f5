import { HELPER_JOB } from './helper';
import type { ContainerJob, Job, StoreJob } from './job';
import { LOG_JOB } from './log';
import { MEMORY_JOB } from './memory';
import { POPULATION_JOB } from './population';
import { PULL_JOBS } from './pull';
import { QUERY_JOBS } from './queries';
import { RUN_JOBS } from './run';
import { SCALE_JOB } from './scale';
import { STAGES_JOB } from './stages';

/** Jobs that share open stores, in the order in which they are done. */
export const CONTAINER_JOBS: readonly ContainerJob[] = [
  ...QUERY_JOBS,
  ...RUN_JOBS,
  STAGES_JOB,
  HELPER_JOB,
  MEMORY_JOB,
  LOG_JOB,
  SCALE_JOB,
];

export const STORE_JOBS: readonly StoreJob[] = [POPULATION_JOB, ...PULL_JOBS];

/** A comparison in three minutes does without these unless they are asked for. */
const NOT_QUICK: readonly string[] = ['pull-nginx-ext4', 'pull-big-tmpfs', 'pull-big-ext4'];

/** True when a job is wanted. */
export function isWanted(
  { id }: Job,
  { only, quick }: { readonly only: readonly string[] | undefined; readonly quick: boolean },
): boolean {
  if (only !== undefined) return only.some(word => id.includes(word));
  return !(quick && NOT_QUICK.includes(id));
}
