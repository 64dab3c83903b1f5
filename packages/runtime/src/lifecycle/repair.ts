import { existsSync } from 'node:fs';
import { removeCgroups } from '../cgroup';
import type { RuntimeContext } from '../context';
import { recordContainer } from '../events/record-container';
import type { ContainerLayout } from '../layout';
import { type ContainerView, requireContainer } from '../state/container-state';
import { readStateFile, writeStateFile } from '../state/state-file';
import { isUp } from '../state/status';
import { killLeftovers } from './kill';
import { monitorLives, waitForMonitor } from './monitor-lock';
import { forgetNetwork, giveBackNetwork } from './network';
import { removeRunFolder } from './run-folder';

/**
 * Settles a container whose monitor did not live to tear it down (it was killed, or the host restarted): ends what is
 * left of it, gives its network back, removes its cgroups and run folder, records the end. The caller holds the
 * container's lock.
 *
 * A container that runs is left as it is; of one that ended in good order only the run folder goes.
 *
 * @returns the container as it is afterwards
 */
export async function repairContainer(context: RuntimeContext, view: ContainerView): Promise<ContainerView> {
  const { paths, record, state } = view;
  if (isUp(state.status)) return view;
  // The monitor writes the end before it tears down; a start must not overtake it.
  const isEnding = monitorLives(paths);
  if (isEnding) await waitForMonitor(paths);
  if (state.stale || wasInterrupted(paths)) await tearDown(context, paths);
  else forgetNetwork(paths);
  const file = readStateFile(paths.state);
  if (state.stale && file !== undefined && file.status !== 'exited') {
    writeStateFile(paths.state, {
      ...file,
      status: 'exited',
      exitCode: state.exitCode,
      finishedAt: file.finishedAt ?? new Date().toISOString(),
      oomKilled: state.oomKilled,
      error: state.error,
    });
  }
  if (state.stale) recordContainer(context, record, 'die', { exitCode: String(state.exitCode) });
  removeRunFolder(paths);
  return isEnding || state.stale ? requireContainer(context, record.id) : view;
}

/** Does what a monitor that is gone would have done; harmless where it has done it. */
export async function tearDown(context: RuntimeContext, paths: ContainerLayout): Promise<void> {
  killLeftovers(paths);
  await removeCgroups(paths.id);
  giveBackNetwork(context, paths);
}

/** The socket is the last thing that a monitor removes when it tears down. */
function wasInterrupted(paths: ContainerLayout): boolean {
  return existsSync(paths.attachSocket);
}
