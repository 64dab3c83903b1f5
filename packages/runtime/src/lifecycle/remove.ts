import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { TinydError } from '@tinyd/core';
import { removeTree, signalProcess } from '@tinyd/native';
import { syncFolder, systemCode } from '../atomic-file';
import { withContainerLock } from '../container-lock';
import type { RuntimeContext } from '../context';
import { recordContainer } from '../events/record-container';
import { REMOVING_PREFIX } from '../layout';
import { releaseName } from '../names';
import { freeQuota } from '../quota/writable-quota';
import { type ContainerView, requireContainer, viewContainer } from '../state/container-state';
import { visibleStatus } from '../state/paused';
import { STATUS_RULES, wrongState } from '../state/status';
import { removeAnonymousVolumes } from '../volumes/remove-volume';
import { awaitEnd } from './await-end';
import { SIGKILL, thawFrozen } from './kill';
import { repairContainer } from './repair';
import { removeRunFolder } from './run-folder';
import { endWaiting, suppressRestart } from './suppress-restart';

/** How a container is removed. */
export interface RemoveOptions {
  /** Kill it first if it runs. */
  readonly force?: boolean;
  /** Remove its anonymous volumes too, unless another container mounts them. Those of a `--rm` container always go. */
  readonly volumes?: boolean;
}

/** How often a container that others keep starting is killed again. */
const MAX_ROUNDS = 10;

/**
 * Removes a container: its folders, its name, and whatever it still held.
 *
 * Fails with ERR_TINYD_CONTAINER_STATE when it runs and `force` is not given.
 */
export async function removeContainer(
  context: RuntimeContext,
  id: string,
  options: RemoveOptions = {},
): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const view = requireContainer(context, id);
    if (!STATUS_RULES[view.state.status].canRemove) {
      const { name } = view.record;
      const hint = `stop it first: tinyd stop ${name}, or remove it as it is: tinyd rm --force ${name}`;
      if (options.force !== true) throw wrongState('remove', name, visibleStatus(view), hint);
      suppressRestart(view);
      const { state } = requireContainer(context, id);
      if (
        STATUS_RULES[state.status].hasProcess &&
        signalProcess(state.pid, BigInt(state.startTicks), SIGKILL)
      )
        thawFrozen(id);
      else endWaiting(view.paths);
      // A --rm container has been removed by its own monitor by then.
      if ((await awaitEnd(context, view)) === undefined) return;
    }
    if (await removeIfStopped(context, view)) {
      if (options.volumes === true) await removeAnonymousVolumes(context, view.record);
      return;
    }
  }
  throw new TinydError(
    'ERR_TINYD_CONTAINER_STATE',
    `cannot remove container ${id.slice(0, 12)}: it is started again and again`,
    {
      hint: 'stop whatever starts it',
      details: { container: id },
    },
  );
}

async function removeIfStopped(context: RuntimeContext, { paths, record }: ContainerView): Promise<boolean> {
  try {
    return await withContainerLock(paths, async () => {
      const before = requireContainer(context, record.id);
      const view = await repairContainer(context, before);
      if (before.state.stale) tellOfLoss(context, before);
      if (!STATUS_RULES[view.state.status].canRemove) return false;
      await removeLocked(context, view);
      return true;
    });
  } catch (error) {
    // Somebody else, or its own monitor, was faster.
    if (viewContainer(context, record.id) === undefined) return true;
    throw error;
  }
}

function tellOfLoss(context: RuntimeContext, { record, state }: ContainerView): void {
  const { id, name } = record;
  context.onSettled?.({ id, name, reason: state.error, restarted: false, awaitsBoot: false });
}

/**
 * Removes a container that does not run; the caller holds its lock.
 *
 * The rename comes first: from then on it is no container any more, and what is left is swept by the next create.
 */
export async function removeLocked(context: RuntimeContext, { paths, record }: ContainerView): Promise<void> {
  const { layout } = context;
  // First, since a `--rm` container that is still there is found and removed again.
  if (record.options.autoRemove) await removeAnonymousVolumes(context, record);
  removeRunFolder(paths);
  const removing = join(layout.containers, `${REMOVING_PREFIX}${record.id}`);
  renameSync(paths.dir, removing);
  releaseName(layout, record.name, record.id);
  if (!record.options.autoRemove) syncFolder(layout.containers);
  await removeCompletely(removing);
  recordContainer(context, record, 'destroy');
  if (record.options.storage !== undefined) freeQuota(layout, record.id);
}

/** A sweep of another process may be deleting the same folder: what matters is that it is gone in the end. */
async function removeCompletely(path: string): Promise<void> {
  try {
    await removeTree(path);
  } catch (error) {
    if (!existsSync(path)) return;
    if (systemCode(error) !== 'ENOENT' && systemCode(error) !== 'ENOTEMPTY') throw error;
    await removeTree(path);
  }
}
