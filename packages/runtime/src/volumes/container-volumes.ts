import { posix } from 'node:path';
import { TinydError } from '@tinyd/core';
import type { RuntimeContext } from '../context';
import { findId } from '../find';
import type { BindMount, CreateOptions, VolumeMount } from '../options';
import type { ContainerRecord, MountedVolume } from '../record';
import { cleanTarget } from '../spec/mounts';
import { requireContainer } from '../state/container-state';
import { anonymousVolumeName } from './make-volume';
import { checkVolumeName } from './volume-layout';

/** A volume that a new container mounts, before it exists. */
export interface WantedVolume extends MountedVolume {
  /** Take over what the image has there, when the volume is empty. */
  readonly copy: boolean;
  /** It comes from another container, and must be there already. */
  readonly inherited: boolean;
  /** For the volume, if it is made. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** All volumes of a new container, and the binds that it takes over from others. */
export interface ContainerMounts {
  readonly volumes: readonly WantedVolume[];
  readonly inheritedBinds: readonly BindMount[];
}

/**
 * Settles which volumes a container mounts where: those that were asked for, then those of `--volumes-from`, then an
 * anonymous one for each VOLUME of the image that nothing covers.
 *
 * Fails with ERR_TINYD_MOUNT_INVALID, ERR_TINYD_NAME_INVALID or the codes of {@link findId}.
 */
export function containerMounts(context: RuntimeContext, options: CreateOptions): ContainerMounts {
  const own = (options.volumes ?? []).map(wanted);
  const taken = new Set(
    [...own, ...options.binds, ...options.tmpfs].map(({ target }) => cleanTarget(target)),
  );
  const binds = new Map<string, BindMount>();
  const volumes = new Map<string, WantedVolume>();
  for (const { container, readOnly } of options.volumesFrom ?? []) {
    const { record } = requireContainer(context, findId(context.layout, container));
    for (const bind of record.options.binds) {
      if (taken.has(cleanTarget(bind.target))) continue;
      volumes.delete(cleanTarget(bind.target));
      binds.set(cleanTarget(bind.target), {
        ...bind,
        readOnly: bind.readOnly || readOnly,
        inherited: true,
      });
    }
    for (const volume of record.volumes ?? []) {
      if (taken.has(volume.target)) continue;
      binds.delete(volume.target);
      volumes.set(volume.target, inherited(record, volume, readOnly));
    }
  }
  const covered = new Set([...taken, ...binds.keys(), ...volumes.keys()]);
  const declared = imageVolumes(options)
    .filter(target => !covered.has(target))
    .map(target => wanted({ target, readOnly: false, noCopy: false }));
  return {
    volumes: [...own, ...volumes.values(), ...declared],
    inheritedBinds: [...binds.values()],
  };
}

function wanted(mount: VolumeMount): WantedVolume {
  const { name, target, readOnly, noCopy, subpath, labels, folder } = mount;
  if (name !== undefined) checkVolumeName(name);
  if (subpath !== undefined) checkSubpath(target, subpath);
  return {
    name: name ?? anonymousVolumeName(),
    anonymous: name === undefined,
    target: cleanTarget(target),
    readOnly,
    ...(subpath === undefined ? {} : { subpath }),
    copy: !noCopy && subpath === undefined,
    inherited: false,
    ...(labels === undefined ? {} : { labels }),
    ...(folder === undefined ? {} : { folder }),
  };
}

function inherited(record: ContainerRecord, volume: MountedVolume, readOnly: boolean): WantedVolume {
  if (volume.anonymous && record.options.autoRemove) {
    throw new TinydError(
      'ERR_TINYD_MOUNT_INVALID',
      `cannot take volumes from container ${record.name}: its anonymous volume on ${volume.target} goes with it (--rm)`,
      {
        hint: 'give that volume a name, or create the container without --rm',
        details: { container: record.name, target: volume.target },
      },
    );
  }
  return { ...volume, readOnly: volume.readOnly || readOnly, copy: false, inherited: true };
}

/** The image's VOLUMEs, as paths in its root whatever it says (CVE-2022-23648). */
function imageVolumes({ image }: CreateOptions): string[] {
  const paths = Object.keys(image.config.config?.Volumes ?? {});
  return [...new Set(paths.map(path => cleanTarget(posix.resolve('/', path))))];
}

/** A way down into the volume; where links lead is for the kernel to see. */
function checkSubpath(target: string, subpath: string): void {
  const parts = subpath.split('/');
  if (subpath !== '' && !subpath.startsWith('/') && !parts.includes('..') && !subpath.includes('\0')) return;
  throw new TinydError(
    'ERR_TINYD_MOUNT_INVALID',
    `cannot mount on ${target}: the subpath ${JSON.stringify(subpath)} does not lead into the volume`,
    {
      hint: 'give a path relative to the volume, without ..',
      details: { target, subpath },
    },
  );
}
