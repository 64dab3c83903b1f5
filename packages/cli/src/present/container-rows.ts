import type { ContainerSummary } from '@tinyd/runtime';
import { type Fields, lazyRows } from './lazy-rows';
import type { Listing } from './list';
import { portsText } from './port-text';
import { shortDigest } from './short-id';
import { ellipsis } from './table';
import { humanDuration, humanSize, localTime, timeAgo } from './units';

/** What `ps --size` adds to a container. Bytes. */
export interface ContainerSizes {
  readonly writable: number;
  /** The writable layer and the image together. */
  readonly virtual: number;
}

/** How `tinyd ps` shows its rows. */
export interface ContainerTable {
  readonly noTrunc: boolean;
  readonly now: number;
  /** Present with --size. */
  readonly sizes?: ReadonlyMap<string, ContainerSizes>;
}

const HEADINGS = {
  ID: 'CONTAINER ID',
  Image: 'IMAGE',
  Command: 'COMMAND',
  CreatedAt: 'CREATED AT',
  RunningFor: 'CREATED',
  Ports: 'PORTS',
  State: 'STATE',
  Status: 'STATUS',
  HealthStatus: 'HEALTH STATUS',
  Size: 'SIZE',
  Names: 'NAMES',
  Labels: 'LABELS',
  Mounts: 'MOUNTS',
  LocalVolumes: 'LOCAL VOLUMES',
  Networks: 'NETWORKS',
  Platform: 'PLATFORM',
};

const COLUMNS = ['ID', 'Image', 'Command', 'RunningFor', 'Status', 'Ports', 'Names'];

/** Containers in docker's columns and template fields. */
export function containerListing(containers: readonly ContainerSummary[], table: ContainerTable): Listing {
  const fields = containerFields(table);
  return {
    rows: lazyRows(containers, fields),
    column: field => containers.map(container => fields[field]?.(container)),
    headings: HEADINGS,
    table: table.sizes === undefined ? COLUMNS : [...COLUMNS, 'Size'],
    shrinkable: ['Image', 'Ports', 'Command'],
    quiet: 'ID',
  };
}

const COMMAND_LENGTH = 20;
const MOUNT_LENGTH = 15;

function containerFields({ noTrunc, now, sizes }: ContainerTable): Fields<ContainerSummary> {
  return {
    ID: ({ id }) => (noTrunc ? id : id.slice(0, 12)),
    Image: container => imageField(container, noTrunc),
    Command: ({ command }) => commandField(command, noTrunc),
    CreatedAt: ({ created }) => localTime(created),
    RunningFor: ({ created }) => timeAgo(created, now),
    Ports: ({ ports, exposed }) => portsText(ports, exposed),
    State: ({ status }) => status,
    Status: container => statusText(container, now),
    HealthStatus: ({ health }) => (health === 'none' ? '' : health),
    Size: ({ id }) => sizeText(sizes?.get(id)),
    Names: ({ name }) => name,
    Labels: ({ labels }) =>
      Object.entries(labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(','),
    Label:
      ({ labels }) =>
      (key: string) =>
        Object.hasOwn(labels, key) ? labels[key] : '',
    Mounts: ({ mounts }) => mounts.map(mount => (noTrunc ? mount : ellipsis(mount, MOUNT_LENGTH))).join(','),
    LocalVolumes: ({ localVolumes }) => String(localVolumes),
    Networks: ({ networks }) => networks.join(','),
    Platform: () => 'linux',
  };
}

/** An image that was named by its ID is shown by a short one. */
function imageField({ imageName, imageId }: ContainerSummary, noTrunc: boolean): string {
  const short = shortDigest(imageId);
  return !noTrunc && shortDigest(imageName) === short ? short : imageName;
}

function sizeText(size: ContainerSizes | undefined): string {
  if (size === undefined) return '0B';
  return `${humanSize(size.writable)} (virtual ${humanSize(size.virtual)})`;
}

function commandField(command: readonly string[], noTrunc: boolean): string {
  const text = commandText(command);
  return JSON.stringify(noTrunc ? text : ellipsis(text, COMMAND_LENGTH));
}

/** The command line as docker's engine joins it: arguments with blanks in single quotes. */
function commandText([path = '', ...args]: readonly string[]): string {
  return [path, ...args.map(arg => (arg.includes(' ') ? `'${arg}'` : arg))].join(' ');
}

function healthText({ health }: ContainerSummary): string {
  if (health === 'none') return '';
  return health === 'starting' ? ' (health: starting)' : ` (${health})`;
}

/** The STATUS column: `Up 3 minutes`, `Up 3 minutes (healthy)`, `Up 3 minutes (Paused)`, `Exited (137) 2 hours ago`, `Created`. */
export function statusText(container: ContainerSummary, now: number): string {
  switch (container.status) {
    case 'created':
      return 'Created';
    case 'running':
      return `Up ${humanDuration(now - Date.parse(container.startedAt))}${healthText(container)}`;
    case 'paused':
      return `Up ${humanDuration(now - Date.parse(container.startedAt))} (Paused)`;
    case 'restarting':
      return `Restarting (${container.exitCode}) ${timeAgo(container.finishedAt, now)}`;
    case 'exited':
      return `Exited (${container.exitCode}) ${timeAgo(container.finishedAt, now)}`;
  }
}
