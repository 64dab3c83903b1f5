import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { removeTree } from '@tinyd/native';
import { tryAcquireLock } from '../content/object-lock';
import { isObjectLock, layerContentPath, type StoreLayout, UNFINISHED_PREFIX } from '../layout';
import { findLeases } from '../pull/lease';
import { systemCode } from '../system-error';

/** Prefix of layer folders on their way out; no pull owns them. */
const REMOVED = `${UNFINISHED_PREFIX}removed-`;

/** Makes the folder that a pull unpacks one layer into; it holds an empty `diff/`. */
export async function makeUnfinished(
  layout: StoreLayout,
  leaseId: string,
  position: number,
): Promise<string> {
  const folder = join(layout.layers, `${UNFINISHED_PREFIX}${leaseId}-${position}`);
  await removeTree(folder);
  await mkdir(folder, { mode: 0o700 });
  const content = layerContentPath(folder);
  await mkdir(content);
  // What `/` has where the archive does not list it; mkdir's mode is subject to the umask.
  await chmod(content, 0o755);
  return folder;
}

/** Takes a layer out of sight at once, to be deleted afterwards by {@link removeTree}. */
export async function hideLayer(layout: StoreLayout, folder: string): Promise<string> {
  const hidden = join(layout.layers, `${REMOVED}${randomBytes(8).toString('hex')}`);
  await rename(folder, hidden);
  return hidden;
}

/** Deletes what a pull has unpacked or written and not committed. */
export async function removeUnfinished(layout: StoreLayout, leaseId: string): Promise<void> {
  await removeAll(await unfinished(layout), name => isOf(leaseId, name));
}

/** Deletes what killed pulls and killed removals left behind. */
export async function removeAbandoned(layout: StoreLayout): Promise<void> {
  for (const name of await namesIn(layout.locks)) {
    // Taking the lock of an object and giving it back removes its file.
    if (isObjectLock(name)) tryAcquireLock(join(layout.locks, name))?.release();
  }
  const paths = await unfinished(layout);
  if (paths.length === 0) return;
  const live = findLeases(layout).filter(lease => lease.isLive);
  await removeAll(paths, name => !live.some(({ id }) => isOf(id, name)));
}

function isOf(leaseId: string, name: string): boolean {
  return name.startsWith(`${UNFINISHED_PREFIX}${leaseId}-`);
}

async function removeAll(paths: readonly string[], isMeant: (name: string) => boolean): Promise<void> {
  for (const path of paths) {
    if (isMeant(basename(path))) await removeTree(path);
  }
}

/** Folders of layers, and files of documents, that do not have their final names. */
async function unfinished(layout: StoreLayout): Promise<string[]> {
  const found = await Promise.all([layout.layers, layout.partial].map(unfinishedIn));
  return found.flat();
}

async function unfinishedIn(folder: string): Promise<string[]> {
  const names = await namesIn(folder);
  return names.filter(name => name.startsWith(UNFINISHED_PREFIX)).map(name => join(folder, name));
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}
