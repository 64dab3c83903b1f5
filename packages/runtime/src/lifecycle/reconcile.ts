import { rmSync } from 'node:fs';
import { removeCgroups } from '../cgroup';
import { withContainerLock } from '../container-lock';
import type { RuntimeContext } from '../context';
import { type ContainerView, requireContainer, viewContainers } from '../state/container-state';
import { readStateFile, writeStateFile } from '../state/state-file';
import { killLeftovers } from './kill';
import { monitorLives, waitForMonitor } from './monitor-lock';
import { forgetNetwork, giveBackNetwork } from './network';
import { removeLocked } from './remove';

/**
 * Settles a container whose monitor is gone without having torn it down (killed, or the host restarted): gives its
 * network back, removes its cgroups and run folder, records the end. The caller holds the container's lock.
 *
 * A container that runs, or that ended in good order, is left as it is.
 *
 * @returns the container as it is afterwards
 */
export async function repairContainer(context: RuntimeContext, view: ContainerView): Promise<ContainerView> {
  const { paths, record, state } = view;
  if (state.status === 'running') return view;
  // The monitor writes the end before it tears down; a start must not overtake it.
  if (monitorLives(paths)) await waitForMonitor(paths);
  if (!state.stale) forgetNetwork(paths);
  else {
    killLeftovers(paths);
    giveBackNetwork(context, paths);
    await removeCgroups(record.id);
    const file = readStateFile(paths.state);
    if (file?.status === 'running') {
      writeStateFile(paths.state, {
        ...file,
        status: 'exited',
        exitCode: state.exitCode,
        finishedAt: new Date().toISOString(),
        oomKilled: false,
        error: state.error,
      });
    }
  }
  rmSync(paths.runDir, { recursive: true, force: true });
  return requireContainer(context, record.id);
}

/** Settles every container that needs it; `--rm` containers among them are removed. */
export async function reconcileContainers(context: RuntimeContext): Promise<void> {
  for (const { state, paths, record } of viewContainers(context)) {
    if (!state.stale) continue;
    await withContainerLock(paths, async () => {
      const view = await repairContainer(context, requireContainer(context, record.id));
      if (record.options.autoRemove && view.state.status === 'exited') await removeLocked(context, view);
    });
  }
}
