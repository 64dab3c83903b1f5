import { TinydError } from '@tinyd/core';
import type { NetworkSummary } from '@tinyd/runtime';
import { matches, matchesLabels, namePatterns, parseFilterSwitch, parseFilters } from '../flags/filters';

const KEYS = ['dangling', 'driver', 'id', 'label', 'name', 'scope', 'type'];

/** The networks that `tinyd network ls --filter …` shows, in the order given. */
export function selectNetworks(
  networks: readonly NetworkSummary[],
  entries: readonly string[],
): NetworkSummary[] {
  const filters = parseFilters(entries, KEYS);
  for (const value of filters.get('dangling') ?? []) parseFilterSwitch('dangling', value);
  for (const value of filters.get('type') ?? []) checkType(value);
  const isNamed = namePatterns(filters) ?? (() => true);
  return networks.filter(
    network =>
      matches(filters, 'dangling', value => parseFilterSwitch('dangling', value) === isDangling(network)) &&
      matches(filters, 'driver', value => network.driver === value) &&
      matches(filters, 'id', value => network.id.startsWith(value)) &&
      isNamed(network.name) &&
      matches(filters, 'scope', value => value === 'local') &&
      matches(filters, 'type', value => (value === 'builtin') === network.isPredefined) &&
      matchesLabels(filters, network.labels),
  );
}

/** Made by a user, and used by nobody. */
function isDangling({ isPredefined, containers }: NetworkSummary): boolean {
  return !isPredefined && containers.length === 0;
}

function checkType(value: string): void {
  if (value === 'custom' || value === 'builtin') return;
  throw new TinydError(
    'ERR_TINYD_OPTION_INVALID',
    `invalid filter ${JSON.stringify(`type=${value}`)}: no such type`,
    {
      hint: 'types are custom and builtin',
    },
  );
}
