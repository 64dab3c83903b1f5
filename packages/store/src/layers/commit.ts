import { closeSync, existsSync, openSync } from 'node:fs';
import { readlink, rename, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Digest, TinydError } from '@tinyd/core';
import { removeTree, syncFileSystem } from '@tinyd/native';
import { syncFolder } from '../content/durable-file';
import {
  blobPath,
  layerFolder,
  layerLinkName,
  layerLinkTarget,
  partialPath,
  type StoreLayout,
} from '../layout';
import { systemCode } from '../system-error';

/** A layer that is complete, and the verified blob it was made of, waiting to get their final names. */
export interface Committable {
  readonly blob: Digest;
  readonly chainId: Digest;
  /** Holds `layer.json` and `diff/`. */
  readonly folder: string;
}

/**
 * Makes blobs and layers visible under their final names.
 *
 * Contents are flushed before, and the folders after the renames: a power cut leaves each of them whole or absent.
 * A layer that is there already wins.
 */
export async function commit(layout: StoreLayout, items: readonly Committable[]): Promise<void> {
  await flush(layout);
  const folders = new Set<string>();
  for (const { blob, chainId, folder } of items) {
    if (await renameBlob(layout, blob)) folders.add(dirname(blobPath(layout, blob))).add(layout.partial);
    await linkLayer(layout, chainId);
    await renameLayer(folder, layerFolder(layout, chainId));
    folders.add(layout.layers).add(layout.links);
  }
  // Side by side, they share one commit of the file system's journal.
  await Promise.all([...folders].map(syncFolder));
}

/** Makes the short link of a layer where it is missing. */
export async function linkLayer(layout: StoreLayout, chainId: Digest): Promise<void> {
  const path = join(layout.root, layerLinkName(chainId));
  const target = layerLinkTarget(chainId);
  try {
    await symlink(target, path);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
    const present = await readlink(path);
    if (present === target) return;
    // Two chain IDs with 24 equal digits do not happen by accident.
    throw new TinydError(
      'ERR_TINYD_STORE_INVALID',
      `cannot link layer ${chainId}: ${path} leads to ${present}`,
      {
        hint: 'remove the image that the other layer belongs to',
        details: { path, chainId },
      },
    );
  }
}

/** @returns false when the blob has its name: it was there before, or another process committed the same download. */
async function renameBlob(layout: StoreLayout, blob: Digest): Promise<boolean> {
  try {
    await rename(partialPath(layout, blob), blobPath(layout, blob));
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT' && existsSync(blobPath(layout, blob))) return false;
    throw error;
  }
}

async function renameLayer(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    const code = systemCode(error);
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
    await removeTree(from);
  }
}

async function flush(layout: StoreLayout): Promise<void> {
  const fd = openSync(layout.root, 'r');
  try {
    await syncFileSystem(fd);
  } finally {
    closeSync(fd);
  }
}
