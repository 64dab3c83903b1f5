import { rmSync } from 'node:fs';
import { removeCgroups } from '../cgroup';
import type { RuntimeContext } from '../context';
import { type ContainerView, requireContainer } from '../state/container-state';
import { readStateFile, writeStateFile } from '../state/state-file';
import { killLeftovers } from './kill';
import { monitorLives, waitForMonitor } from './monitor-lock';
import { forgetNetwork, giveBackNetwork } from './network';

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
