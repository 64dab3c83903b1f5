import type { VolumeSummary } from '@tinyd/runtime';
import {
  type Filters,
  matches,
  matchesLabels,
  namePatterns,
  parseFilterSwitch,
  parseFilters,
} from '../flags/filters';

const LIST_KEYS = ['dangling', 'driver', 'label', 'name'];
const PRUNE_KEYS = ['all', 'label', 'label!'];

/** The volumes that `tinyd volume ls --filter …` shows, in the order given. */
export function selectVolumes(
  volumes: readonly VolumeSummary[],
  entries: readonly string[],
): VolumeSummary[] {
  const filters = parseFilters(entries, LIST_KEYS);
  for (const value of filters.get('dangling') ?? []) parseFilterSwitch('dangling', value);
  const isNamed = namePatterns(filters) ?? (() => true);
  return volumes.filter(
    volume =>
      matches(
        filters,
        'dangling',
        value => parseFilterSwitch('dangling', value) === (volume.containers.length === 0),
      ) &&
      matches(filters, 'driver', value => volume.driver === value) &&
      isNamed(volume.name) &&
      matchesLabels(filters, volume.labels),
  );
}

/** `--filter all=true`, which is what `--all` stands for. */
export function prunesAll(entries: readonly string[]): boolean {
  return (parseFilters(entries, PRUNE_KEYS).get('all') ?? []).some(value => parseFilterSwitch('all', value));
}

/** The volumes that `tinyd volume prune` removes: unused, anonymous unless `all`, and matching. */
export function prunableVolumes(
  volumes: readonly VolumeSummary[],
  entries: readonly string[],
  all: boolean,
): VolumeSummary[] {
  const filters = parseFilters(entries, PRUNE_KEYS);
  return volumes.filter(
    volume =>
      volume.containers.length === 0 &&
      (all || volume.anonymous) &&
      matchesLabels(filters, volume.labels) &&
      !hasAnyLabel(filters, volume.labels),
  );
}

function hasAnyLabel(filters: Filters, labels: Readonly<Record<string, string>>): boolean {
  return (filters.get('label!') ?? []).some(entry => matchesLabels(new Map([['label', [entry]]]), labels));
}
