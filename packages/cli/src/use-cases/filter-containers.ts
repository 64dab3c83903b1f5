import { isTinydError, TinydError } from '@tinyd/core';
import type { ContainerSummary } from '@tinyd/runtime';
import { type Filters, matches, matchesLabels, namePatterns, parseFilters } from '../flags/filters';

const KEYS = [
  'id',
  'name',
  'label',
  'exited',
  'status',
  'ancestor',
  'before',
  'since',
  'volume',
  'network',
  'publish',
  'expose',
  'health',
  'is-task',
];

/** What `tinyd ps` selects by. */
export interface ContainerSelection {
  readonly all: boolean;
  /** The last so many, whatever their state. */
  readonly last: number | undefined;
  readonly filters: readonly string[];
}

/** Looks names up for the filters that take one. */
export interface Lookups {
  readonly containerId: (text: string) => string;
  readonly imageId: (text: string) => string;
  /** Name of the network with this name or ID. */
  readonly networkName: (text: string) => string;
}

/** The containers that `tinyd ps` shows, newest first as they came. */
export function selectContainers(
  containers: readonly ContainerSummary[],
  selection: ContainerSelection,
  lookups: Lookups,
): ContainerSummary[] {
  const filters = parseFilters(selection.filters, KEYS);
  const showsAll = selection.all || selection.last !== undefined || filters.has('status');
  const isWanted = filters.size === 0 ? () => true : predicate(containers, filters, lookups);
  const found = containers.filter(each => (showsAll || isUp(each)) && isWanted(each));
  return selection.last === undefined ? found : found.slice(0, selection.last);
}

/** A paused container runs, for docker's `ps` too, and one that waits to be started again. */
function isUp({ status }: ContainerSummary): boolean {
  return status === 'running' || status === 'paused' || status === 'restarting';
}

function predicate(
  containers: readonly ContainerSummary[],
  filters: Filters,
  lookups: Lookups,
): (container: ContainerSummary) => boolean {
  const isNamed = namePatterns(filters) ?? (() => true);
  const created = (text: string) =>
    containers.find(each => each.id === lookups.containerId(text))?.created ?? '';
  const before = filters.get('before')?.map(created) ?? [];
  const since = filters.get('since')?.map(created) ?? [];
  const ancestors = filters.get('ancestor')?.map(text => ({ text, id: quietly(lookups.imageId, text) }));
  const networks = filters.get('network')?.map(text => quietly(lookups.networkName, text) ?? text);
  checkStatuses(filters);
  return each =>
    matches(filters, 'id', value => each.id.startsWith(value)) &&
    (isNamed(each.name) || isNamed(`/${each.name}`)) &&
    matchesLabels(filters, each.labels) &&
    matches(filters, 'exited', value => each.status === 'exited' && each.exitCode === Number(value)) &&
    matches(filters, 'status', value => each.status === value) &&
    (ancestors === undefined ||
      ancestors.some(({ text, id }) => each.imageId === id || each.imageName === text)) &&
    before.every(time => each.created < time) &&
    since.every(time => each.created > time) &&
    matches(filters, 'volume', value => [...each.mounts, ...each.mountTargets].includes(value)) &&
    (networks === undefined || networks.some(name => each.networks.includes(name))) &&
    matches(filters, 'publish', value =>
      each.ports.some(port => isPort(value, port.hostPort, port.protocol)),
    ) &&
    matches(filters, 'expose', value => isExposed(each, value)) &&
    matches(filters, 'health', value => each.health === value) &&
    matches(filters, 'is-task', value => value === 'false');
}

function quietly(lookup: (text: string) => string, text: string): string | undefined {
  try {
    return lookup(text);
  } catch (error) {
    if (isTinydError(error)) return undefined;
    throw error;
  }
}

const STATUSES = ['created', 'restarting', 'running', 'removing', 'paused', 'exited', 'dead'];

function checkStatuses(filters: Filters): void {
  const unknown = filters.get('status')?.find(value => !STATUSES.includes(value));
  if (unknown === undefined) return;
  throw new TinydError(
    'ERR_TINYD_OPTION_INVALID',
    `invalid filter ${JSON.stringify(`status=${unknown}`)}: no such status`,
    {
      hint: `a status is one of ${STATUSES.join(', ')}`,
    },
  );
}

/** `8080`, `8000-8100`, with or without `/udp`. */
function isPort(text: string, port: number, protocol: string): boolean {
  const [numbers = '', wanted = 'tcp'] = text.split('/');
  const [first, last = first] = numbers.split('-').map(Number);
  return wanted === protocol && first !== undefined && last !== undefined && port >= first && port <= last;
}

function isExposed({ ports, exposed }: ContainerSummary, text: string): boolean {
  const all = [...exposed, ...ports.map(port => `${port.containerPort}/${port.protocol}`)];
  return all.some(each => isPort(text, Number.parseInt(each, 10), each.split('/')[1] ?? 'tcp'));
}
