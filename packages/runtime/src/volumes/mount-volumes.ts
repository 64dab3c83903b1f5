import { join } from 'node:path';
import type { RuntimeLayout } from '../layout';
import type { ContainerRecord, MountedVolume } from '../record';
import type { SpecMount } from '../spec-types';
import { volumeLayout } from './volume-layout';

/** A container's volumes as mounts of its specification: binds of their data. */
export function volumeSpecMounts(layout: RuntimeLayout, record: ContainerRecord): SpecMount[] {
  return (record.volumes ?? []).map(volume => ({
    destination: volume.target,
    type: 'bind',
    source: volumeSource(layout, volume),
    options: ['rbind', 'rprivate', volume.readOnly ? 'ro' : 'rw'],
  }));
}

/** The host path of what is mounted. */
export function volumeSource(layout: Pick<RuntimeLayout, 'root'>, { name, subpath }: MountedVolume): string {
  const { data } = volumeLayout(layout, name);
  return subpath === undefined ? data : join(data, subpath);
}

/** Folders of the volumes that a `--rm` container takes along: its anonymous ones, which nobody else can mount. */
export function volumesGoingAlong(
  layout: RuntimeLayout,
  { options, volumes = [] }: ContainerRecord,
): string[] {
  if (!options.autoRemove) return [];
  return volumes.flatMap(({ name, anonymous }) => (anonymous ? [volumeLayout(layout, name).dir] : []));
}

/** A part of a volume, which the kernel is to look up inside it: containers may have put links on the way. */
export interface VolumePart {
  readonly folder: string;
  readonly subpath: string;
}

/** The mounts that are parts of volumes, by destination. */
export function volumeParts(layout: RuntimeLayout, record: ContainerRecord): ReadonlyMap<string, VolumePart> {
  return new Map(
    (record.volumes ?? []).flatMap(({ name, target, subpath }) =>
      subpath === undefined ? [] : [[target, { folder: volumeLayout(layout, name).data, subpath }] as const],
    ),
  );
}
