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
    options: [
      volume.folder?.recursive === false ? 'bind' : 'rbind',
      'rprivate',
      volume.readOnly || volume.folder?.readOnly === true ? 'rro' : 'rw',
    ],
  }));
}

/** The host path of a volume's content. */
export function volumeFolder(layout: Pick<RuntimeLayout, 'root'>, { name, folder }: MountedVolume): string {
  return folder?.path ?? volumeLayout(layout, name).data;
}

/** The host path of what is mounted. */
export function volumeSource(layout: Pick<RuntimeLayout, 'root'>, volume: MountedVolume): string {
  const folder = volumeFolder(layout, volume);
  return volume.subpath === undefined ? folder : join(folder, volume.subpath);
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
    (record.volumes ?? []).flatMap(volume =>
      volume.subpath === undefined
        ? []
        : [[volume.target, { folder: volumeFolder(layout, volume), subpath: volume.subpath }] as const],
    ),
  );
}
