import { rmSync } from 'node:fs';
import { TinydError } from '@tinyd/core';
import { replaceFile } from '../atomic-file';
import { withContainerLock } from '../container-lock';
import type { RuntimeContext } from '../context';
import { recordContainer } from '../events/record-container';
import { lowerEvents } from '../lowering/events';
import { moveName } from '../names';
import { rewritePlanFile } from '../plan/plan-file';
import { requireContainer } from '../state/container-state';
import { checkName } from './check-options';
import { announceNames } from './name-service';
import { readNetworkSettings } from './network-settings';

/**
 * Gives a container another name, whether it runs or not; the old one is free from then on. Its host name stays.
 *
 * Killed at any moment, it leaves the container with one of the two names, and the other free.
 * Fails with ERR_TINYD_NAME_INVALID or ERR_TINYD_NAME_TAKEN.
 */
export async function renameContainer(context: RuntimeContext, id: string, wanted: string): Promise<void> {
  const name = wanted.replace(/^\//, '');
  checkName(name);
  const { paths } = requireContainer(context, id);
  await withContainerLock(paths, async () => {
    const { record, state } = requireContainer(context, id);
    if (record.name === name) {
      throw new TinydError(
        'ERR_TINYD_NAME_TAKEN',
        `cannot rename container ${name}: it has this name already`,
        {
          hint: 'choose another name',
          details: { name, holder: id },
        },
      );
    }
    const renamed = { ...record, name };
    moveName(context.layout, id, { from: record.name, to: name }, () => {
      // The monitor knows the old name, and would unlink it when another container has it. A name that it does not find
      // its way to stays as a link to nobody, which the next create removes.
      rmSync(paths.nameFolder, { force: true });
      replaceFile(paths.record, `${JSON.stringify(renamed, null, 2)}\n`);
      if (state.status === 'running') announceNames(context, renamed, readNetworkSettings(paths));
    });
    rewritePlanFile(paths.plan, plan => ({ ...plan, ...lowerEvents(context.layout, renamed) }));
    recordContainer(context, renamed, 'rename', { oldName: `/${record.name}` });
  });
}
