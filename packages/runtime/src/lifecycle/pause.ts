import { readFileSync } from 'node:fs';
import { freeze, thaw } from '../cgroup/freezer';
import { withContainerLock } from '../container-lock';
import type { RuntimeContext } from '../context';
import { recordContainer } from '../events/record-container';
import { type ContainerView, requireContainer } from '../state/container-state';
import { isPaused } from '../state/paused';
import { startTicksOf } from '../state/processes';
import { STATUS_RULES, wrongState } from '../state/status';
import { SIGKILL, thawFrozen } from './kill';

/**
 * Freezes every process of a container: they keep their memory and get no CPU until {@link unpauseContainer}.
 *
 * Fails with ERR_TINYD_CONTAINER_STATE unless it runs and is not paused, and those of `freeze`.
 */
export async function pauseContainer(context: RuntimeContext, id: string): Promise<void> {
  await locked(context, id, 'pause', async view => {
    if (isPaused(view)) throw wrongState('pause', view.record.name, 'paused');
    try {
      await freeze(id);
    } catch (error) {
      if (hasEnded(view)) throw wrongState('pause', view.record.name, 'exited');
      throw error;
    }
    // A kill that came a moment earlier found nothing to thaw, and frozen processes do not die of it.
    if (!hasEnded(view) && !isBeingKilled(view.state.pid))
      return recordContainer(context, view.record, 'pause');
    thawFrozen(id);
    throw wrongState('pause', view.record.name, 'exited');
  });
}

/** Lets the processes of a paused container run on. Fails with ERR_TINYD_CONTAINER_STATE when it is not paused. */
export async function unpauseContainer(context: RuntimeContext, id: string): Promise<void> {
  await locked(context, id, 'unpause', async view => {
    const { name } = view.record;
    if (!isPaused(view)) throw wrongState('unpause', name, 'running', `tinyd pause ${name} freezes it`);
    thaw(id);
    recordContainer(context, view.record, 'unpause');
  });
}

/** Runs `action` for a container that runs, while nobody else starts, pauses, renames, updates or removes it. */
async function locked(
  context: RuntimeContext,
  id: string,
  verb: string,
  action: (view: ContainerView) => Promise<void>,
): Promise<void> {
  const { paths } = requireContainer(context, id);
  await withContainerLock(paths, async () => {
    const view = requireContainer(context, id);
    const { status } = view.state;
    if (!STATUS_RULES[status].hasProcess) throw wrongState(verb, view.record.name, status);
    await action(view);
  });
}

/** Whether its first process is gone, or a zombie. */
function hasEnded({ state }: ContainerView): boolean {
  return startTicksOf(state.pid) !== state.startTicks;
}

/** Whether SIGKILL waits to be delivered (SigPnd, ShdPnd of proc(5)), or the process is gone. */
function isBeingKilled(pid: number): boolean {
  const bit = 1n << BigInt(SIGKILL - 1);
  try {
    const masks = readFileSync(`/proc/${pid}/status`, 'latin1').matchAll(
      /^(?:SigPnd|ShdPnd):\s*([0-9a-f]+)$/gm,
    );
    return [...masks].some(([, mask]) => (BigInt(`0x${mask}`) & bit) !== 0n);
  } catch {
    return true;
  }
}
