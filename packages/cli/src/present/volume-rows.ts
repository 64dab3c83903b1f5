import type { VolumeSummary } from '@tinyd/runtime';
import type { Listing, Row } from './list';

const HEADINGS = {
  Name: 'VOLUME NAME',
  Driver: 'DRIVER',
  Scope: 'SCOPE',
  Mountpoint: 'MOUNTPOINT',
  Labels: 'LABELS',
  Links: 'LINKS',
  Size: 'SIZE',
  Status: 'STATUS',
  Group: 'GROUP',
  Availability: 'AVAILABILITY',
};

/** Volumes in docker's columns and template fields. */
export function volumeListing(volumes: readonly VolumeSummary[]): Listing {
  return {
    rows: volumes.map(volumeRow),
    headings: HEADINGS,
    table: ['Driver', 'Name'],
    quiet: 'Name',
  };
}

/** What docker knows only of other drivers, or only in `system df`, is N/A there too. */
function volumeRow(volume: VolumeSummary): Row {
  return {
    Name: volume.name,
    Driver: volume.driver,
    Scope: 'local',
    Mountpoint: volume.mountpoint,
    Labels: Object.entries(volume.labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
    Label: (key: string) => (Object.hasOwn(volume.labels, key) ? volume.labels[key] : ''),
    Links: 'N/A',
    Size: 'N/A',
    Status: 'N/A',
    Group: 'N/A',
    Availability: 'N/A',
  };
}
