import type { Pruned } from '@tinyd/store';
import { humanSize } from './units';

/** docker's list of what went; nothing for an empty one. */
export function deletedContainers(ids: readonly string[]): string {
  return section('Deleted Containers', ids);
}

/** docker's list of networks that went. */
export function deletedNetworks(names: readonly string[]): string {
  return section('Deleted Networks', names);
}

/** docker's list of volumes that went. */
export function deletedVolumes(names: readonly string[]): string {
  return section('Deleted Volumes', names);
}

/** docker's list of images, names and layers that went. */
export function deletedImages({ removed }: Pruned): string {
  const lines = removed.map(item =>
    'untagged' in item ? `untagged: ${item.untagged}` : `deleted: ${item.deleted}`,
  );
  return section('Deleted Images', lines);
}

/** docker's last line. */
export function reclaimedSpace(bytes: number): string {
  return `Total reclaimed space: ${humanSize(bytes, 4)}\n`;
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${title}:\n${lines.map(line => `${line}\n`).join('')}\n`;
}
