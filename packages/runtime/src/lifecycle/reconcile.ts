import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isTinydError } from '@tinyd/core';
import { systemCode } from '../atomic-file';
import { withContainerLock } from '../container-lock';
import type { RuntimeContext } from '../context';
import { containerIds } from '../find';
import { containerLayout, REMOVING_PREFIX } from '../layout';
import { sweepStaleHalves } from '../names';
import { readState, requireContainer, viewContainer } from '../state/container-state';
import { monitorLives } from './monitor-lock';
import { removeLocked } from './remove';
import { repairContainer, tearDown } from './repair';

/**
 * Settles containers whose monitor died: what they held is given back, their end is recorded, `--rm` ones are removed.
 *
 * Cheap enough to come before every create: it reads one small file of each container.
 */
export async function settleLostContainers(context: RuntimeContext): Promise<void> {
  for (const id of containerIds(context.layout)) {
    if (readState(containerLayout(context.layout, id).state).stale) await settle(context, id);
  }
}

/**
 * Looks at every container and finishes what a killed command or monitor, or a restart of the host, left undone: lost
 * containers, removals of `--rm` containers that were cut short, containers half made or half removed.
 */
export async function reconcileContainers(context: RuntimeContext): Promise<void> {
  for (const id of containerIds(context.layout)) {
    const view = viewContainer(context, id);
    if (view === undefined) await discardHalf(context, id);
    else if (view.state.stale || (view.record.options.autoRemove && view.state.status === 'exited')) {
      await settle(context, id);
    }
  }
  await sweepStaleHalves(context.layout);
}

async function settle(context: RuntimeContext, id: string): Promise<void> {
  try {
    await withContainerLock(containerLayout(context.layout, id), async () => {
      const view = await repairContainer(context, requireContainer(context, id));
      if (view.record.options.autoRemove && view.state.status === 'exited') await removeLocked(context, view);
    });
  } catch (error) {
    // Its own monitor, or another command, has removed it meanwhile.
    if (!isTinydError(error) || error.code !== 'ERR_TINYD_CONTAINER_NOT_FOUND') throw error;
  }
}

/** A folder without a record is what a monitor left of a `--rm` container when it was killed while deleting. */
async function discardHalf(context: RuntimeContext, id: string): Promise<void> {
  const paths = containerLayout(context.layout, id);
  if (monitorLives(paths)) return;
  await tearDown(context, paths);
  rmSync(paths.runDir, { recursive: true, force: true });
  try {
    renameSync(paths.dir, join(context.layout.containers, REMOVING_PREFIX + id));
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}
