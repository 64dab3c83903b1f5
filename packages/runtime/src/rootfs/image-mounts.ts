import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { TinydError } from '@tinyd/core';
import type { ContainerLayout } from '../layout';
import type { CreateOptions, ImageMount } from '../options';
import type { MountStep } from '../plan/mount-step';
import type { ContainerRecord } from '../record';
import type { SpecMount } from '../spec-types';

/** mount(2) takes one page of options, its terminating NUL included. */
const MAX_OPTIONS = 4095;

/** Name of the empty folder at the bottom: an overlay without an upper dir wants two others at least. */
const EMPTY_FOLDER = 'empty';

/** A container's images as mounts of its specification: overlays without an upper dir. */
export function imageSpecMounts(record: Pick<ContainerRecord, 'id' | 'options'>): SpecMount[] {
  return (record.options.imageMounts ?? []).map(({ image, target }) => ({
    destination: target,
    type: 'overlay',
    source: image.name,
    options: ['ro', 'nosuid', 'nodev', overlayOptions(record.id, image)],
  }));
}

/** The steps that make them, by destination. Fails with ERR_TINYD_MOUNT_INVALID for an image that cannot be mounted. */
export function imageMountSteps({ id, options }: ContainerRecord): ReadonlyMap<string, MountStep> {
  return new Map(
    (options.imageMounts ?? []).map(({ image, target, subpath = '' }) => [
      target,
      { kind: 'image', target, overlayOptions: overlayOptions(id, image), subpath },
    ]),
  );
}

function overlayOptions(id: string, { name, lowerDirs }: ImageMount['image']): string {
  if (lowerDirs.length === 0) {
    throw new TinydError('ERR_TINYD_MOUNT_INVALID', `cannot mount image ${name}: it has no files`, {
      details: { image: name },
    });
  }
  const layers = [...lowerDirs, `containers/${id}/${EMPTY_FOLDER}`];
  // What a layer says of renamed folders and of files elsewhere is not believed.
  const options = `lowerdir=${layers.join(':')},redirect_dir=off,metacopy=off,index=off`;
  if (Buffer.byteLength(options) <= MAX_OPTIONS) return options;
  throw new TinydError(
    'ERR_TINYD_MOUNT_INVALID',
    `cannot mount image ${name}: ${lowerDirs.length} layers are more than one mount takes`,
    { details: { image: name, layers: lowerDirs.length } },
  );
}

/** Makes the folder that a container's image mounts need, if it has any. */
export function makeEmptyFolder({ dir }: ContainerLayout, { imageMounts = [] }: CreateOptions): void {
  if (imageMounts.length > 0) mkdirSync(join(dir, EMPTY_FOLDER), { mode: 0o755 });
}
