import { readdir, rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, digestHex, isDigest } from '@tinyd/core';
import { removeTree } from '@tinyd/native';
import { tryAcquireLock } from '../content/object-lock';
import { readIndex, withIndexLock } from '../images/index-file';
import { findLayer } from '../layers/record';
import { hideLayer, removeAbandoned } from '../layers/unfinished';
import { blobLockPath, layerLinkName, partialPath, type StoreLayout, UNFINISHED_PREFIX } from '../layout';
import { findLeases, isHonoured, removeLeases } from '../pull/lease';
import { messageOf } from '../system-error';
import { type Live, mark } from './mark';

/** What a sweep removed. */
export interface Swept {
  /** Chain IDs of the layers. */
  readonly layers: readonly Digest[];
  readonly freedBytes: number;
  /** Why nothing was removed: an image that stays is damaged, so nobody knows what it needs. */
  readonly problem?: string;
}

/** How thorough a sweep is. */
export interface SweepOptions {
  /** Also drop what interrupted pulls fetched less than a day ago. */
  readonly dropInterrupted: boolean;
}

/**
 * Removes every blob, layer, link and partial download that no image and no pull under way reaches.
 *
 * Everything that goes is out of sight when the index lock is given back; the slow deletion of layer contents follows.
 */
export async function sweep(layout: StoreLayout, { dropInterrupted }: SweepOptions): Promise<Swept> {
  const hidden: string[] = [];
  const swept = await withIndexLock(layout, async (): Promise<Swept> => {
    const now = Date.now();
    removeLeases(layout, lease => dropInterrupted || !isHonoured(lease, now));
    const leases = findLeases(layout);
    const live = mark(layout, readIndex(layout), leases);
    if (live.problem !== undefined) return { layers: [], freedBytes: 0, problem: messageOf(live.problem) };
    const layers = await sweepLayers(layout, live, hidden);
    const freedBlobBytes = await sweepBlobs(layout, live);
    await sweepPartials(layout, new Set(leases.flatMap(lease => lease.blobs)));
    return {
      layers: layers.map(({ chainId }) => chainId),
      freedBytes: layers.reduce((sum, { bytes }) => sum + bytes, freedBlobBytes),
    };
  });
  for (const folder of hidden) await removeTree(folder);
  await removeAbandoned(layout);
  return swept;
}

async function sweepLayers(
  layout: StoreLayout,
  { chainIds }: Live,
  hidden: string[],
): Promise<{ readonly chainId: Digest; readonly bytes: number }[]> {
  const swept: { chainId: Digest; bytes: number }[] = [];
  const liveFolders = new Set([...chainIds].map(digestHex));
  const liveLinks = new Set([...chainIds].map(layerLinkName));
  for (const link of await readdir(layout.links)) {
    if (!liveLinks.has(`l/${link}`)) await unlink(join(layout.links, link));
  }
  for (const name of await readdir(layout.layers)) {
    if (liveFolders.has(name) || name.startsWith(UNFINISHED_PREFIX)) continue;
    const chainId = `${name.length === 128 ? 'sha512' : 'sha256'}:${name}`;
    if (!isDigest(chainId)) continue;
    swept.push({ chainId, bytes: contentBytes(layout, chainId) });
    hidden.push(await hideLayer(layout, join(layout.layers, name)));
  }
  return swept;
}

async function sweepBlobs(layout: StoreLayout, { blobs }: Live): Promise<number> {
  let freedBytes = 0;
  for (const algorithm of await readdir(layout.blobs)) {
    const folder = join(layout.blobs, algorithm);
    for (const name of await readdir(folder)) {
      if (blobs.has(`${algorithm}:${name}` as Digest)) continue;
      const path = join(folder, name);
      freedBytes += (await stat(path)).size;
      await rm(path);
    }
  }
  return freedBytes;
}

/** Partial downloads that nobody claims and nobody is writing to. */
async function sweepPartials(layout: StoreLayout, claimed: ReadonlySet<Digest>): Promise<void> {
  for (const name of await readdir(layout.partial)) {
    const digest = name.replace('-', ':');
    if (!isDigest(digest) || claimed.has(digest)) continue;
    const lock = tryAcquireLock(blobLockPath(layout, digest));
    if (lock === undefined) continue;
    await rm(partialPath(layout, digest), { force: true });
    lock.release();
  }
}

function contentBytes(layout: StoreLayout, chainId: Digest): number {
  try {
    return findLayer(layout, chainId)?.contentBytes ?? 0;
  } catch {
    // It goes, damaged or not.
    return 0;
  }
}
