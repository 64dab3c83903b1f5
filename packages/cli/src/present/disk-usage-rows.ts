import type { DiskUsage } from '../use-cases/disk-usage';
import { containerListing } from './container-rows';
import { imageListing } from './image-rows';
import { type Listing, type Row, rowDocuments } from './list';
import { humanSize } from './units';

/** docker gives one digit more here than where it lists images and containers. */
const TOTAL_DIGITS = 4;

/** Totals by kind, in docker's columns and template fields. */
export function diskUsageListing({ images, containers, volumes }: DiskUsage): Listing {
  const used = new Set(containers.map(({ container }) => container.imageId));
  const running = containers.filter(({ container }) =>
    ['running', 'paused', 'restarting'].includes(container.status),
  );
  const idle = containers.filter(each => !running.includes(each));
  const mounted = volumes.filter(({ volume }) => volume.containers.length > 0);
  const rows = [
    row('Images', {
      total: images.images.length,
      active: images.images.filter(({ id }) => used.has(id)).length,
      bytes: images.bytes,
      reclaimableBytes: images.reclaimableBytes,
    }),
    row('Containers', {
      total: containers.length,
      active: running.length,
      bytes: sum(containers),
      reclaimableBytes: sum(idle),
    }),
    row('Local Volumes', {
      total: volumes.length,
      active: mounted.length,
      bytes: sum(volumes),
      reclaimableBytes: sum(volumes) - sum(mounted),
    }),
  ];
  return {
    rows,
    headings: {
      Type: 'TYPE',
      TotalCount: 'TOTAL',
      Active: 'ACTIVE',
      Size: 'SIZE',
      Reclaimable: 'RECLAIMABLE',
    },
    table: ['Type', 'TotalCount', 'Active', 'Size', 'Reclaimable'],
    quiet: 'Type',
  };
}

interface Totals {
  readonly total: number;
  readonly active: number;
  readonly bytes: number;
  readonly reclaimableBytes: number;
}

function row(type: string, { total, active, bytes, reclaimableBytes }: Totals): Row {
  const percent = bytes === 0 ? '' : ` (${Math.trunc((100 * reclaimableBytes) / bytes)}%)`;
  return {
    Type: type,
    TotalCount: String(total),
    Active: String(active),
    Size: humanSize(bytes, TOTAL_DIGITS),
    Reclaimable: `${humanSize(reclaimableBytes, TOTAL_DIGITS)}${percent}`,
  };
}

function sum(sizes: readonly { readonly bytes: number }[]): number {
  return sizes.reduce((total, { bytes }) => total + bytes, 0);
}

/** How the rows of `system df -v` are to be written. */
export interface DiskUsageStyle {
  readonly noTrunc: boolean;
  readonly now: number;
}

/** `system df -v`: one row for each name of an image. */
export function diskUsageOfImages({ images, rows, containers }: DiskUsage, style: DiskUsageStyle): Listing {
  const listing = imageListing(rows, { ...style, digests: false });
  const sized = rows.map((image, index) => {
    const usage = images.images.find(({ id }) => id === image.id);
    const users = containers.filter(({ container }) => container.imageId === image.id).length;
    return {
      ...listing.rows[index],
      Size: humanSize(usage?.bytes ?? 0),
      SharedSize: humanSize(usage?.sharedBytes ?? 0, TOTAL_DIGITS),
      UniqueSize: humanSize(usage?.uniqueBytes ?? 0, TOTAL_DIGITS),
      Containers: String(users),
    };
  });
  const table = ['Repository', 'Tag', 'ID', 'CreatedSince', 'Size', 'SharedSize', 'UniqueSize', 'Containers'];
  return { ...listing, rows: sized, table };
}

/** `system df -v`: one row a container. */
export function diskUsageOfContainers({ containers }: DiskUsage, style: DiskUsageStyle): Listing {
  const listing = containerListing(
    containers.map(({ container }) => container),
    style,
  );
  const rows = containers.map(
    ({ bytes }, index): Row => ({ ...listing.rows[index], Size: humanSize(bytes) }),
  );
  const column = (field: string) => rows.map(row => row[field]);
  const table = ['ID', 'Image', 'Command', 'LocalVolumes', 'Size', 'RunningFor', 'Status', 'Names'];
  return { ...listing, rows, column, table };
}

/** `system df -v`: one row a volume. */
export function diskUsageOfVolumes({ volumes }: DiskUsage): Listing {
  const rows = volumes.map(({ volume, bytes }) => ({
    Name: volume.name,
    Links: String(volume.containers.length),
    Size: humanSize(bytes, TOTAL_DIGITS),
  }));
  const headings = { Name: 'VOLUME NAME', Links: 'LINKS', Size: 'SIZE' };
  return { rows, headings, table: ['Name', 'Links', 'Size'], quiet: 'Name' };
}

/** `system df -v --format`: all of it in one document, nothing cut. There is no build cache. */
export function diskUsageDocument(usage: DiskUsage, now: number): Readonly<Record<string, readonly Row[]>> {
  const style = { noTrunc: true, now };
  return {
    Images: rowDocuments(diskUsageOfImages(usage, style)),
    Containers: rowDocuments(diskUsageOfContainers(usage, style)),
    Volumes: rowDocuments(diskUsageOfVolumes(usage)),
    BuildCache: [],
  };
}
