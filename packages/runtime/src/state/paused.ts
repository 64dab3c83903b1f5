import { isFrozen } from '../cgroup/freezer';
import type { ContainerView } from './container-state';
import type { VisibleStatus } from './status';

/** Whether a container runs, but is frozen. The kernel is asked: no file of tinyd's says so. */
export function isPaused({ record, state }: Pick<ContainerView, 'record' | 'state'>): boolean {
  return state.status === 'running' && isFrozen(record.id);
}

/** docker's word for where a container is in its life. */
export function visibleStatus(view: ContainerView): VisibleStatus {
  return isPaused(view) ? 'paused' : view.state.status;
}
