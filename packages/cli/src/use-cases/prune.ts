import { isTinydError, TinydError } from '@tinyd/core';
import type { ContainerSummary, Runtime } from '@tinyd/runtime';
import type { ContainerUse, ImageRow, Pruned, Store } from '@tinyd/store';
import { matchesLabels, parseFilters } from '../flags/filters';
import { parseLogTime } from '../flags/log-times';
import { prunableVolumes } from './filter-volumes';

/** What `prune --filter` lets pass: when a thing was made, and its labels. */
export type PruneFilter = (thing: {
  readonly created?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
}) => boolean;

/** Reads `until=TIME|AGE`, `label=KEY[=VALUE]` and `label!=KEY[=VALUE]`. Fails with ERR_TINYD_OPTION_INVALID. */
export function parsePruneFilter(entries: readonly string[], nowMs: number): PruneFilter {
  const filters = parseFilters(entries, ['until', 'label', 'label!']);
  const until = filters.get('until') ?? [];
  if (until.length > 1) {
    throw new TinydError('ERR_TINYD_OPTION_INVALID', 'invalid filter "until": it may be given once', {
      hint: 'the earliest of the times is what counts: give that one',
    });
  }
  const before = until[0] === undefined ? undefined : parseLogTime('filter until', until[0], nowMs);
  const unwanted = (filters.get('label!') ?? []).map(label => new Map([['label', [label]]]));
  return ({ created, labels }) =>
    (before === undefined || isBefore(created, before)) &&
    matchesLabels(filters, labels) &&
    !unwanted.some(label => matchesLabels(label, labels));
}

/** What has no date is kept. */
function isBefore(created: string | undefined, nanoseconds: bigint): boolean {
  const milliseconds = created === undefined ? Number.NaN : Date.parse(created);
  return !Number.isNaN(milliseconds) && BigInt(milliseconds) * 1_000_000n < nanoseconds;
}

/** What was removed. */
export interface PrunedContainers {
  readonly ids: readonly string[];
  readonly freedBytes: number;
}

/** Removes the containers that do not run. One that is started or removed by others meanwhile is left to them. */
export async function pruneContainers(runtime: Runtime, filter: PruneFilter): Promise<PrunedContainers> {
  const ids: string[] = [];
  let freedBytes = 0;
  // One whose monitor was killed may be about to be started again, as its restart policy says.
  const containers = await runtime.settledContainers();
  for (const container of containers.filter(each => isStopped(each) && filter(each))) {
    try {
      const handle = runtime.find(container.id);
      const bytes = handle.size();
      await handle.remove();
      ids.push(container.id);
      freedBytes += bytes;
    } catch (error) {
      const codes = ['ERR_TINYD_CONTAINER_STATE', 'ERR_TINYD_CONTAINER_NOT_FOUND'];
      if (!isTinydError(error) || !codes.includes(error.code)) throw error;
    }
  }
  return { ids, freedBytes };
}

function isStopped({ status }: ContainerSummary): boolean {
  return status === 'created' || status === 'exited';
}

/** Removes networks that no running container is on; their names. One that gets a container meanwhile stays. */
export async function pruneNetworks(runtime: Runtime, filter: PruneFilter): Promise<string[]> {
  await runtime.settle();
  const { networks } = runtime;
  const unused = networks
    .list()
    .filter(network => !network.isPredefined && network.containers.length === 0 && filter(network));
  const removed: string[] = [];
  for (const { id, name } of unused) {
    try {
      await networks.remove(id);
      removed.push(name);
    } catch (error) {
      const codes = ['ERR_TINYD_NETWORK_IN_USE', 'ERR_TINYD_NETWORK_NOT_FOUND'];
      if (!isTinydError(error) || !codes.includes(error.code)) throw error;
    }
  }
  return removed;
}

/** Removes images without a tag, or (`all`) every image, that no container was made from. */
export async function pruneImages(
  store: Store,
  runtime: Runtime,
  options: { readonly all: boolean; readonly filter: PruneFilter },
): Promise<Pruned> {
  const { all, filter } = options;
  const matches = (row: ImageRow) => filter(row);
  const pruned = await store.prune({ all, matches, usedBy: id => imageUsers(runtime, id) });
  for (const item of pruned.removed) {
    if ('untagged' in item) runtime.recordImage('untag', item.untagged);
    else runtime.recordImage('delete', item.deleted);
  }
  return pruned;
}

/** What was removed. */
export interface PrunedVolumes {
  readonly names: readonly string[];
  readonly freedBytes: number;
}

/** Removes anonymous volumes that no container mounts. `filters`: of labels alone. */
export async function pruneVolumes(runtime: Runtime, filters: readonly string[]): Promise<PrunedVolumes> {
  const names: string[] = [];
  let freedBytes = 0;
  for (const { name } of prunableVolumes(runtime.volumes.list(), filters, false)) {
    const bytes = await runtime.volumes.removeUnused(name);
    if (bytes === undefined) continue;
    names.push(name);
    freedBytes += bytes;
  }
  return { names, freedBytes };
}

/** The containers that were made from an image, as they are now. */
export function imageUsers(runtime: Runtime, imageId: string): ContainerUse[] {
  return runtime
    .containers()
    .filter(container => container.imageId === imageId || container.mountedImageIds.includes(imageId))
    .map(({ id, name, status }) => ({ id, name, isRunning: status !== 'created' && status !== 'exited' }));
}
