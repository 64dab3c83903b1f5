import { withContainerLock } from '../container-lock';
import type { RuntimeContext } from '../context';
import { requireContainer, viewContainers } from '../state/container-state';
import { removeLocked } from './remove';
import { repairContainer } from './repair';

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
