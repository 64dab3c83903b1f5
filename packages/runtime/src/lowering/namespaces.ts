import { TinydError } from '@tinyd/core';
import type { ContainerPlan, NamespaceKind } from '../plan/container';
import type { SpecNamespace } from '../spec-types';
import { startTicksOf } from '../state/processes';

const KINDS: Readonly<Partial<Record<SpecNamespace['type'], NamespaceKind>>> = {
  mount: 'mnt',
  pid: 'pid',
  network: 'net',
  ipc: 'ipc',
  uts: 'uts',
  cgroup: 'cgroup',
};

/** Splits the specification's namespaces into those to create and those to enter. */
export function lowerNamespaces(
  namespaces: readonly SpecNamespace[],
): Pick<ContainerPlan, 'unshare' | 'join'> {
  const unshare: NamespaceKind[] = [];
  const join: ContainerPlan['join'][number][] = [];
  for (const { type, path } of namespaces) {
    const kind = KINDS[type];
    if (kind === undefined) {
      throw new TinydError('ERR_TINYD_OPTION_UNSUPPORTED', `cannot use a ${type} namespace: not supported`);
    }
    if (path === undefined) unshare.push(kind);
    else join.push({ kind, path, ...processOf(path) });
  }
  return { unshare, join };
}

/** Whose namespace a path names, as that process is now: when the container is started again it must be the same one. */
function processOf(path: string): Pick<ContainerPlan['join'][number], 'process'> {
  const pid = Number(/^\/proc\/(\d+)\/ns\//.exec(path)?.[1] ?? 0);
  const startTicks = pid === 0 ? undefined : startTicksOf(pid);
  return startTicks === undefined ? {} : { process: { pid, startTicks: BigInt(startTicks) } };
}
