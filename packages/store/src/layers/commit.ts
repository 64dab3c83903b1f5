import { closeSync, openSync } from 'node:fs';
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

/** What is verified and waits to get its final name. */
export interface Committable {
  /** A complete download. Undefined when the blob was there already. */
  readonly blob?: Digest;
  readonly layers: readonly {
    readonly chainId: Digest /** Holds `layer.json` and `diff/`. */;
    readonly folder: string;
  }[];
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
  for (const { blob, layers } of items) {
    if (blob !== undefined) {
      const path = blobPath(layout, blob);
      await rename(partialPath(layout, blob), path);
      folders.add(dirname(path)).add(layout.partial);
    }
    for (const { chainId, folder } of layers) {
      await linkLayer(layout, chainId);
      await renameLayer(folder, layerFolder(layout, chainId));
      folders.add(layout.layers).add(layout.links);
    }
  }
  for (const folder of folders) await syncFolder(folder);
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
