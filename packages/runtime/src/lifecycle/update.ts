import { readFileSync } from 'node:fs';
import { replaceFile } from '../atomic-file';
import { planCgroups } from '../cgroup';
import { DEVICE_LIMIT_NAMES, mergeDeviceLimits } from '../cgroup/block-devices';
import { updateCgroups } from '../cgroup/update';
import { withContainerLock } from '../container-lock';
import type { RuntimeContext } from '../context';
import type { ResourceLimits } from '../options';
import { specResources } from '../spec/generate';
import { specText } from '../spec-text';
import type { Spec } from '../spec-types';
import { type ContainerView, requireContainer } from '../state/container-state';
import { Undo } from '../undo';

/** Limits to change: absent ones stay, 0 takes a limit away. */
export type LimitChanges = Omit<ResourceLimits, 'memorySwappiness' | 'oomKillDisable'>;

/**
 * Changes the limits of a container: of its processes at once if it runs, and for every later start.
 *
 * All or nothing: a value that is refused leaves processes, record and config.json as they were. The rules are those of
 * create, applied to all limits together; memory without `memorySwapBytes` goes on to allow as much swap again.
 *
 * Killed, it may leave processes that are limited otherwise than the record says, until the next update or start.
 *
 * Fails with ERR_TINYD_LIMIT_INVALID or ERR_TINYD_CGROUP_UNAVAILABLE.
 *
 * @returns warnings
 */
export async function updateContainer(
  context: RuntimeContext,
  id: string,
  changes: LimitChanges,
): Promise<readonly string[]> {
  const { paths } = requireContainer(context, id);
  return withContainerLock(paths, async () => {
    const view = requireContainer(context, id);
    const limits = mergeLimits(view.record.options.limits, changes);
    const undo = new Undo();
    try {
      return change(view, limits, undo);
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
  limits: ResourceLimits,
  undo: Undo,
): readonly string[] {
  let warnings: readonly string[] = [];
  if (state.status === 'running') {
    const updated = updateCgroups(record.id, limits);
    undo.add(updated.undo);
    warnings = updated.warnings;
  } else {
    warnings = planCgroups(record.id, limits, []).warnings;
  }
  const specBefore = readFileSync(paths.spec, 'utf8');
  replaceFile(paths.spec, `${specText(withLimits(JSON.parse(specBefore) as Spec, limits))}\n`);
  undo.add(() => replaceFile(paths.spec, specBefore));
  // Last, since it decides: every start writes config.json anew, from this.
  const updated = { ...record, options: { ...record.options, limits } };
  replaceFile(paths.record, `${JSON.stringify(updated, null, 2)}\n`);
  return warnings;
}

function withLimits(spec: Spec, limits: ResourceLimits): Spec {
  const { devices } = spec.linux.resources ?? {};
  const resources = { ...(devices === undefined ? {} : { devices }), ...specResources({ limits }) };
  return { ...spec, linux: { ...spec.linux, resources } };
}
