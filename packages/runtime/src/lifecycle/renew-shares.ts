import { isTinydError } from '@tinyd/core';
import { withContainerLock } from '../container-lock';
import type { RuntimeContext } from '../context';
import type { RunningProcess } from '../lowering/mounts';
import type { CreateOptions } from '../options';
import type { Plan } from '../plan/plan';
import { rewritePlanFile } from '../plan/plan-file';
import { requireContainer, viewContainers } from '../state/container-state';
import { isUp } from '../state/status';

type NamespaceKind = Extract<Plan['target'], { kind: 'container' }>['join'][number]['kind'];

/**
 * Has containers that share namespaces of one that was started again find its new ones, for when their restart policies
 * start them again. Until then they keep those that they run in.
 */
export async function renewShares(context: RuntimeContext, ownerId: string): Promise<void> {
  const { state } = requireContainer(context, ownerId);
  if (state.status !== 'running') return;
  const process = { pid: state.pid, startTicks: BigInt(state.startTicks) };
  for (const { record, paths, state: own } of viewContainers(context)) {
    const kinds = sharedWith(ownerId, record.options);
    if (kinds.length === 0 || !isUp(own.status)) continue;
    try {
      await withContainerLock(paths, async () => {
        rewritePlanFile(paths.plan, plan => withProcess(plan, kinds, process));
      });
    } catch (error) {
      // Removed meanwhile.
      if (!isTinydError(error) || error.code !== 'ERR_TINYD_CONTAINER_NOT_FOUND') throw error;
    }
  }
}

function sharedWith(ownerId: string, { network, pid, ipc }: CreateOptions): NamespaceKind[] {
  const isShared = (mode: { readonly mode: string; readonly container?: string } | undefined) =>
    mode?.mode === 'container' && mode.container === ownerId;
  return [
    ...(isShared(network) ? (['net'] as const) : []),
    ...(isShared(pid) ? (['pid'] as const) : []),
    ...(isShared(ipc) ? (['ipc'] as const) : []),
  ];
}

function withProcess(plan: Plan, kinds: readonly NamespaceKind[], process: RunningProcess): Plan {
  const { target } = plan;
  if (target.kind !== 'container') return plan;
  const join = target.join.map(each =>
    kinds.includes(each.kind) ? { ...each, path: `/proc/${process.pid}/ns/${each.kind}`, process } : each,
  );
  // The one mount that is another container's: /dev/shm.
  const mounts = target.mounts.map(step =>
    kinds.includes('ipc') && step.kind === 'bind' && step.process !== undefined ? { ...step, process } : step,
  );
  return { ...plan, target: { ...target, join, mounts } };
}
