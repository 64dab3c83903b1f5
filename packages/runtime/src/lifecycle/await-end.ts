import { setTimeout as sleep } from 'node:timers/promises';
import type { RuntimeContext } from '../context';
import { type ContainerView, viewContainer } from '../state/container-state';
import { isUp } from '../state/status';
import { waitForMonitor } from './monitor-lock';

/** A monitor that was killed gives up its lock a moment before its process is gone. */
const EXIT_PAUSE_MS = 1;

/**
 * Waits until the process that `view` saw running has ended and its state is final.
 *
 * @param timeoutMs undefined: as long as it takes
 * @returns the container afterwards, undefined when it was removed by its monitor; `timeout` when the time ran out
 */
export async function awaitEnd(
  context: RuntimeContext,
  view: ContainerView,
  timeoutMs?: number,
): Promise<ContainerView | undefined | 'timeout'> {
  if (!(await waitForMonitor(view.paths, timeoutMs))) return 'timeout';
  for (;;) {
    const now = viewContainer(context, view.record.id);
    const sameRun = isUp(now?.state.status ?? 'exited') && now?.state.startTicks === view.state.startTicks;
    if (!sameRun) return now;
    await sleep(EXIT_PAUSE_MS);
  }
}
