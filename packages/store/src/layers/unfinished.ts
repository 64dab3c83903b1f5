import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '@tinyd/native';
import { layerContentPath, type StoreLayout, UNFINISHED_PREFIX } from '../layout';
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

/** Deletes what a pull has unpacked and not committed. */
export async function removeUnfinished(layout: StoreLayout, leaseId: string): Promise<void> {
  const prefix = `${UNFINISHED_PREFIX}${leaseId}-`;
  await removeFolders(layout, name => name.startsWith(prefix));
}

/** Deletes what killed pulls and killed removals left in `layers/`. */
export async function removeAbandoned(layout: StoreLayout): Promise<void> {
  const names = await namesOf(layout);
  if (names.length === 0) return;
  const live = findLeases(layout).filter(lease => lease.isLive);
  const isOwned = (name: string) => live.some(({ id }) => name.startsWith(`${UNFINISHED_PREFIX}${id}-`));
  await removeFolders(layout, name => !isOwned(name));
}

async function removeFolders(layout: StoreLayout, isMeant: (name: string) => boolean): Promise<void> {
  for (const name of await namesOf(layout)) {
    if (isMeant(name)) await removeTree(join(layout.layers, name));
  }
}

async function namesOf(layout: StoreLayout): Promise<string[]> {
  try {
    return (await readdir(layout.layers)).filter(name => name.startsWith(UNFINISHED_PREFIX));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}
