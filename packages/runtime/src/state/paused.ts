import { isFrozen } from '../cgroup/freezer';
import type { ContainerRecord } from '../record';
import type { ObservedState, VisibleStatus } from './status';

interface Observed {
  readonly record: Pick<ContainerRecord, 'id'>;
  readonly state: ObservedState;
}

/** Whether a container runs, but is frozen. The kernel is asked: no file of tinyd's says so. */
export function isPaused({ record, state }: Observed): boolean {
  return state.status === 'running' && isFrozen(record.id);
}

/** docker's word for where a container is in its life. */
export function visibleStatus(view: Observed): VisibleStatus {
  return isPaused(view) ? 'paused' : view.state.status;
}
