import type { ContainerSummary } from '@tinyd/runtime';
import type { Listing, Row } from './list';
import { portsText } from './port-text';
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
  return {
    rows: containers.map(container => containerRow(container, table)),
    headings: HEADINGS,
    table: table.sizes === undefined ? COLUMNS : [...COLUMNS, 'Size'],
    shrinkable: ['Image', 'Ports', 'Command'],
    quiet: 'ID',
  };
}

const COMMAND_LENGTH = 20;
const MOUNT_LENGTH = 15;

function containerRow(container: ContainerSummary, { noTrunc, now, sizes }: ContainerTable): Row {
  const command = commandText(container.command);
  const size = sizes?.get(container.id);
  return {
    ID: noTrunc ? container.id : container.id.slice(0, 12),
    Image: container.imageName,
    Command: JSON.stringify(noTrunc ? command : ellipsis(command, COMMAND_LENGTH)),
    // Only templates ask for it, and the time zone's rules cost more than the whole rest of a row.
    get CreatedAt() {
      return localTime(container.created);
    },
    RunningFor: timeAgo(container.created, now),
    Ports: portsText(container.ports, container.exposed),
    State: container.status,
    Status: statusText(container, now),
    HealthStatus: container.health === 'none' ? '' : container.health,
    Size: size === undefined ? '0B' : `${humanSize(size.writable)} (virtual ${humanSize(size.virtual)})`,
    Names: container.name,
    Labels: Object.entries(container.labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
    Label: (key: string) => (Object.hasOwn(container.labels, key) ? container.labels[key] : ''),
    Mounts: container.mounts.map(mount => (noTrunc ? mount : ellipsis(mount, MOUNT_LENGTH))).join(','),
    LocalVolumes: String(container.localVolumes),
    Networks: container.networks.join(','),
    Platform: 'linux',
  };
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
