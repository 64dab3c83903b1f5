import { readFileSync } from 'node:fs';
import { replaceFile } from '../atomic-file';
import { planCgroups } from '../cgroup';
import { DEVICE_LIMIT_NAMES, mergeDeviceLimits } from '../cgroup/block-devices';
import { updateCgroups } from '../cgroup/update';
import { withContainerLock } from '../container-lock';
import type { RuntimeContext } from '../context';
import { recordContainer } from '../events/record-container';
import { lowerRestart } from '../lowering/session';
import type { ResourceLimits, RestartPolicy } from '../options';
import type { Plan } from '../plan/plan';
import { rewritePlanFile } from '../plan/plan-file';
import type { ContainerRecord } from '../record';
import { specResources } from '../spec/generate';
import { specText } from '../spec-text';
import type { Spec } from '../spec-types';
import { type ContainerView, requireContainer } from '../state/container-state';
import { isUp } from '../state/status';
import { Undo } from '../undo';
import { checkRestart } from './check-options';
import { endWaiting } from './suppress-restart';

/** Limits to change: absent ones stay, 0 takes a limit away. */
export type LimitChanges = Omit<ResourceLimits, 'memorySwappiness' | 'oomKillDisable'>;

/**
 * Changes the limits of a container: of its processes at once if it runs, and for every later start, those of its restart
 * policy included. A new policy counts when its process ends next; `no` ends one that waits to be started again.
 *
 * All or nothing: a value that is refused leaves processes, record and config.json as they were. The rules are those of
 * create, applied to all limits together; memory without `memorySwapBytes` goes on to allow as much swap again.
 *
 * Killed, it may leave processes that are limited otherwise than the record says, until the next update or start.
 *
 * Fails with ERR_TINYD_LIMIT_INVALID, ERR_TINYD_CGROUP_UNAVAILABLE, or ERR_TINYD_OPTION_INVALID for a policy on `--rm`.
 *
 * @returns warnings
 */
export async function updateContainer(
  context: RuntimeContext,
  id: string,
  changes: LimitChanges,
  restart?: RestartPolicy,
): Promise<readonly string[]> {
  const { paths } = requireContainer(context, id);
  return withContainerLock(paths, async () => {
    const view = requireContainer(context, id);
    const { options } = view.record;
    checkRestart(restart, options.autoRemove);
    const limits = mergeLimits(options.limits, changes);
    const undo = new Undo();
    try {
      const warnings = change(
        view,
        { ...options, limits, ...(restart === undefined ? {} : { restart }) },
        undo,
      );
      if (restart?.name === 'no' && view.state.status === 'restarting') endWaiting(paths);
      recordContainer(context, view.record, 'update');
      return warnings;
    } catch (error) {
      throw await undo.rollBack(error);
    }
  });
}

/** The limits of before with those that are given in their place; 0, docker's "not set", drops one. */
export function mergeLimits(before: ResourceLimits, changes: LimitChanges): ResourceLimits {
  const devices = DEVICE_LIMIT_NAMES.map(
    name => [name, mergeDeviceLimits(before[name], changes[name])] as const,
  );
  const merged = Object.entries({ ...before, ...changes, ...Object.fromEntries(devices) });
  return Object.fromEntries(
    merged.filter(([, value]) => value !== 0 && !(Array.isArray(value) && value.length === 0)),
  );
}

function change(
  { record, paths, state }: ContainerView,
  options: ContainerRecord['options'],
  undo: Undo,
): readonly string[] {
  const { limits } = options;
  let warnings: readonly string[] = [];
  if (state.status === 'running') {
    const updated = updateCgroups(record.id, limits);
    undo.add(updated.undo);
    warnings = updated.warnings;
  } else {
    warnings = planCgroups(record.id, limits, []).warnings;
  }
  const specBefore = readFileSync(paths.spec, 'utf8');
  const spec = withLimits(JSON.parse(specBefore) as Spec, limits);
  if (isUp(state.status)) {
    const devices = spec.linux.resources?.devices ?? [];
    const { cgroups } = planCgroups(record.id, limits, devices);
    const takeBack = rewritePlanFile(paths.plan, plan =>
      withRestart({ ...plan, session: { ...plan.session, cgroups } }, options),
    );
    if (takeBack !== undefined) undo.add(takeBack);
  }
  replaceFile(paths.spec, `${specText(spec)}\n`);
  undo.add(() => replaceFile(paths.spec, specBefore));
  // Last, since it decides: every start writes config.json anew, from this.
  replaceFile(paths.record, `${JSON.stringify({ ...record, options }, null, 2)}\n`);
  return warnings;
}

/** What the monitor goes by when the process has ended. */
function withRestart(plan: Plan, { restart }: ContainerRecord['options']): Plan {
  const { restart: _, ...session } = plan.session;
  return { ...plan, session: { ...session, ...lowerRestart(restart) } };
}

function withLimits(spec: Spec, limits: ResourceLimits): Spec {
  const { devices } = spec.linux.resources ?? {};
  const resources = { ...(devices === undefined ? {} : { devices }), ...specResources({ limits }) };
  return { ...spec, linux: { ...spec.linux, resources } };
}
