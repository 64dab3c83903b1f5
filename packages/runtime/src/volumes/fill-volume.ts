import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { copyMergedFolder, removeTree, syncFileSystem } from '@tinyd/native';
import { syncFolder } from '../atomic-file';
import type { VolumeLayout } from './volume-layout';

/**
 * Copies what an image has at the place of a mount into a volume that is empty, as docker does: content, owners, modes,
 * times, attributes and links; the volume's own folder becomes like the image's. The caller holds the volume's lock.
 *
 * @param folders the parts of the image's folder, topmost first
 * @param durable false: need not survive a power cut
 */
export async function fillFromImage(
  volume: VolumeLayout,
  folders: readonly string[],
  durable: boolean,
): Promise<void> {
  const copy = (targetDir: string) => copyMergedFolder({ folders, targetDir, overlayXattr: 'trusted' });
  await fillVolume(volume, copy, durable);
}

/**
 * Fills a volume that is empty, completely or not at all. The caller holds its lock.
 *
 * The content is gathered beside the volume's data and moved there when it is complete and on disk, so that what was
 * cut short can be done again. A folder of the host may lie on another disk, and is filled in place: what comes in the way leaves it
 * half filled, since what is there may be somebody else's by then.
 *
 * @param gather writes the content, and the attributes of the volume's own folder, into an empty folder
 * @returns false when the volume has content already
 */
export async function fillVolume(
  volume: VolumeLayout,
  gather: (folder: string) => Promise<void>,
  durable: boolean,
): Promise<boolean> {
  await finishFilling(volume);
  if (readdirSync(volume.data).length > 0) return false;
  if (volume.isHostFolder === true) {
    await gather(volume.data);
    if (durable) await syncAll(volume.data);
    return true;
  }
  mkdirSync(volume.copying, { mode: 0o755 });
  try {
    await gather(volume.copying);
    if (durable) await syncAll(volume.copying);
  } catch (error) {
    await removeTree(volume.copying);
    throw error;
  }
  renameSync(volume.copying, volume.copied);
  if (durable) syncFolder(volume.dir);
  await finishFilling(volume);
  return true;
}

/**
 * Finishes, or discards, what a killed command left of filling a volume. The caller holds the volume's lock.
 *
 * The data folder itself stays, since a running container may have it mounted.
 */
export async function finishFilling(volume: VolumeLayout): Promise<void> {
  if (volume.isHostFolder === true) return;
  await removeTree(volume.copying);
  if (!existsSync(volume.copied)) return;
  const { atime, mtime } = statSync(volume.copied);
  for (const name of readdirSync(volume.copied, { encoding: 'buffer' })) {
    const target = inside(volume.data, name);
    if (lstatSync(target, { throwIfNoEntry: false }) === undefined) {
      renameSync(inside(volume.copied, name), target);
    }
  }
  if (readdirSync(volume.copied).length === 0) {
    utimesSync(volume.copied, atime, mtime);
    // It is empty by now: only owner, mode, times and attributes of the folder itself are left to take over.
    await copyMergedFolder({ folders: [volume.copied], targetDir: volume.data, overlayXattr: 'trusted' });
  }
  await removeTree(volume.copied);
}

function inside(folder: string, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${folder}/`), name]);
}

async function syncAll(path: string): Promise<void> {
  const fd = openSync(path, 'r');
  try {
    await syncFileSystem(fd);
  } finally {
    closeSync(fd);
  }
}
