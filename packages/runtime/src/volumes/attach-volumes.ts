import { closeSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TinydError } from '@tinyd/core';
import { systemCode } from '../atomic-file';
import type { RuntimeContext } from '../context';
import { MAKING_PREFIX } from '../layout';
import { isBeingMade } from '../names';
import type { CreateOptions } from '../options';
import type { MountedVolume } from '../record';
import { folderInLayers } from '../rootfs/layered-lookup';
import type { Undo } from '../undo';
import type { WantedVolume } from './container-volumes';
import { fillFromImage, finishFilling } from './fill-volume';
import { makeVolume, type VolumeOptions } from './make-volume';
import { removeUnused, volumeNotFound } from './remove-volume';
import { isVolumeName, type VolumeLayout, volumeLayout } from './volume-layout';
import { lockVolume } from './volume-lock';
import { contentLayout, readVolumeRecord } from './volume-record';

/** What a container that is being made needs to know of its volumes. */
export interface AttachedVolumes {
  readonly volumes: readonly MountedVolume[];
  /** To be called when the container is there for others to see: the volumes can be removed again. */
  release(): void;
}

/** What a container is made from. */
export interface AttachSources {
  readonly id: string;
  /** `containers/.tmp-<id>`: tells the next command what to collect, should this one be killed. */
  readonly makingDir: string;
  readonly options: CreateOptions;
}

/** In the folder of a container being made: names of the anonymous volumes that are made for it. */
const LIST = 'volumes.json';

/**
 * Makes the volumes of a new container that are missing, fills empty ones from the image, and keeps them locked.
 *
 * Fails with ERR_TINYD_VOLUME_NOT_FOUND or ERR_TINYD_MOUNT_INVALID; volumes that were made are removed by `undo`.
 */
export async function attachVolumes(
  context: RuntimeContext,
  wanted: readonly WantedVolume[],
  sources: AttachSources,
  undo: Undo,
): Promise<AttachedVolumes> {
  const { id, options } = sources;
  const locks: number[] = [];
  const release = () => {
    for (const fd of locks.splice(0)) closeSync(fd);
  };
  if (wanted.length > 0) {
    const anonymous = wanted.filter(volume => volume.anonymous && !volume.inherited).map(({ name }) => name);
    writeFileSync(join(sources.makingDir, LIST), `${JSON.stringify(anonymous)}\n`, { mode: 0o600 });
  }
  // In one order for all, so that no two creates wait for one another.
  for (const name of [...new Set(wanted.map(volume => volume.name))].sort()) {
    const uses = wanted.filter(volume => volume.name === name);
    const goesAlong = uses.some(use => use.anonymous && !use.inherited) && options.autoRemove;
    const lockFd = await lockWanted(context, uses, volumeOptions(uses, goesAlong ? id : undefined), () =>
      undo.add(async () => void (await removeUnused(context, name, id))),
    );
    locks.push(lockFd);
    // After the removal, so that it is undone before: a removal takes the lock itself.
    undo.add(release);
    checkKept(context, name, id);
    await fill(context, uses, options, !goesAlong);
  }
  return { volumes: wanted.map(volume => mounted(context, volume)), release };
}

/**
 * Makes a volume if need be and locks it. One that comes from another container must be there.
 *
 * @param onMade called when it was made, before anything else can fail
 */
async function lockWanted(
  { layout }: RuntimeContext,
  uses: readonly WantedVolume[],
  options: VolumeOptions,
  onMade: () => void,
): Promise<number> {
  const name = uses[0]?.name ?? '';
  for (;;) {
    const anonymous = uses.some(use => use.anonymous);
    const mayMake = !uses.some(use => use.inherited);
    if (mayMake && makeVolume(layout, name, anonymous, options)) onMade();
    const lockFd = await lockVolume(volumeLayout(layout, name));
    if (lockFd !== undefined) return lockFd;
    // Removed between the two: made again.
    if (!mayMake) throw volumeNotFound(name);
  }
}

/** What the mounts of one volume say of it, should it have to be made. */
function volumeOptions(uses: readonly WantedVolume[], removedWith: string | undefined): VolumeOptions {
  const labels = Object.assign({}, ...uses.map(use => use.labels)) as Record<string, string>;
  const folder = uses.find(use => use.folder !== undefined)?.folder;
  return {
    labels,
    ...(removedWith === undefined ? {} : { removedWith }),
    ...(folder === undefined ? {} : { folder }),
  };
}

/** A volume that its `--rm` container takes along cannot be another's. */
function checkKept(context: RuntimeContext, name: string, id: string): void {
  const record = readVolumeRecord(volumeLayout(context.layout, name).record);
  if (record?.removedWith === undefined || record.removedWith === id) return;
  throw new TinydError(
    'ERR_TINYD_MOUNT_INVALID',
    `cannot mount volume ${name}: it goes with container ${record.removedWith.slice(0, 12)} (--rm)`,
    {
      hint: 'use a volume with a name of its own',
      details: { volume: name, container: record.removedWith },
    },
  );
}

async function fill(
  context: RuntimeContext,
  uses: readonly WantedVolume[],
  options: CreateOptions,
  durable: boolean,
): Promise<void> {
  const volume = contentLayout(context.layout, uses[0]?.name ?? '');
  if (volume.isHostFolder === true) checkHostFolder(volume);
  if (volume.isReadOnly === true) return;
  await finishFilling(volume);
  const layers = options.image.lowerDirs.map(dir => join(context.layout.root, dir));
  for (const { target } of uses.filter(use => use.copy)) {
    const folders = folderInLayers(layers, target);
    if (folders !== undefined) await fillFromImage(volume, folders, durable);
  }
}

function checkHostFolder({ name, data }: VolumeLayout): void {
  if (statSync(data, { throwIfNoEntry: false })?.isDirectory() === true) return;
  throw new TinydError(
    'ERR_TINYD_MOUNT_INVALID',
    `cannot mount volume ${name}: ${data}: no such folder on the host`,
    {
      hint: 'make the folder first',
      details: { volume: name, source: data },
    },
  );
}

/** Another container's anonymous volume stays with that container. */
function mounted(context: RuntimeContext, wanted: WantedVolume): MountedVolume {
  const { name, anonymous, handedOn = false, inherited, target, readOnly, subpath } = wanted;
  const folder = readVolumeRecord(volumeLayout(context.layout, name).record)?.folder;
  return {
    name,
    anonymous: anonymous && !inherited,
    ...(inherited && (anonymous || handedOn) ? { handedOn: true } : {}),
    target,
    readOnly,
    ...(subpath === undefined ? {} : { subpath }),
    ...(folder === undefined ? {} : { folder }),
  };
}

/** Removes the anonymous volumes of containers whose making was cut short. To be called before those are swept. */
export async function sweepUnattachedVolumes(context: RuntimeContext): Promise<void> {
  for (const entry of readdirSync(context.layout.containers)) {
    if (!entry.startsWith(MAKING_PREFIX)) continue;
    const dir = join(context.layout.containers, entry);
    if (isBeingMade(dir)) continue;
    for (const name of listed(join(dir, LIST))) await removeUnused(context, name);
  }
}

function listed(path: string): string[] {
  try {
    const names = JSON.parse(readFileSync(path, 'utf8')) as string[];
    return names.filter(isVolumeName);
  } catch (error) {
    // Killed before, or while, it was written: no volume was made by then.
    if (systemCode(error) === 'ENOENT' || error instanceof SyntaxError) return [];
    throw error;
  }
}
