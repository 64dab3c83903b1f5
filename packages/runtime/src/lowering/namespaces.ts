import { TinydError } from '@tinyd/core';
import type { ContainerPlan, NamespaceKind } from '../plan/plan';
import type { SpecNamespace } from '../spec-types';

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
  const join: { kind: NamespaceKind; path: string }[] = [];
  for (const { type, path } of namespaces) {
    const kind = KINDS[type];
    if (kind === undefined) {
      throw new TinydError('ERR_TINYD_OPTION_UNSUPPORTED', `use a ${type} namespace: not supported`);
    }
    if (path === undefined) unshare.push(kind);
    else join.push({ kind, path });
  }
  return { unshare, join };
}
