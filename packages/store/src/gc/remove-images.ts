import type { Platform } from '@tinyd/core';
import type { ImageEntry } from '../images/entry';
import { findImage } from '../images/find';
import { groupImages } from '../images/image';
import { readIndex, updateIndex } from '../images/index-file';
import { type ImageRow, listImages } from '../images/list';
import { planRemoval, type Removal, type RemovedItem, type RemoveOptions } from '../images/removal';
import type { StoreLayout } from '../layout';
import { checkRoot } from '../root-folder';
import { sweep } from './sweep';

/** Which images a prune removes. */
export interface PruneOptions extends Pick<RemoveOptions, 'usedBy'> {
  /** Also images with a tag. */
  readonly all?: boolean;
  /** Keeps images of which no row passes. */
  readonly matches?: (row: ImageRow) => boolean;
}

/** What a prune removed. */
export interface Pruned {
  readonly removed: readonly RemovedItem[];
  readonly freedBytes: number;
  /** Why less was removed than could be: an image that stays is damaged. */
  readonly problem?: string;
}

/**
 * Removes a name, and the image with its last one; then the blobs and layers that nobody needs any more. The caller holds the
 * images lock exclusively.
 *
 * @param host whose image is meant where a name has several.
 * @returns what happened, in order, as `tinyd rmi` prints it.
 */
export async function removeImage(
  layout: StoreLayout,
  host: Platform,
  text: string,
  options: RemoveOptions,
): Promise<RemovedItem[]> {
  findImage(readIndex(layout).entries, text, host);
  const removal = await removeEntries(layout, host, text, options);
  const items = itemsOf(removal);
  if (removal.deleted.length === 0) return items;
  const { layers } = await sweep(layout, { dropInterrupted: false });
  return [...items, ...layers.map(deleted => ({ deleted }))];
}

/**
 * Removes images without a tag, or (`all`) every image, unless a container uses them; then all blobs, layers and partial
 * downloads that nobody needs. The caller holds the images lock exclusively.
 */
export async function pruneImages(
  layout: StoreLayout,
  host: Platform,
  options: PruneOptions,
): Promise<Pruned> {
  if (!checkRoot(layout)) return { removed: [], freedBytes: 0 };
  const unused = listImages(layout, readIndex(layout).entries).filter(
    row =>
      (options.all || row.isDangling) && (options.matches?.(row) ?? true) && !options.usedBy(row.id).length,
  );
  const items: RemovedItem[] = [];
  for (const id of new Set(unused.map(row => row.id))) {
    items.push(...itemsOf(await removeEntries(layout, host, id, { ...options, force: true })));
  }
  const { layers, freedBytes, problem } = await sweep(layout, { dropInterrupted: true });
  const removed = [...items, ...layers.map(deleted => ({ deleted }))];
  return { removed, freedBytes, ...(problem && { problem }) };
}

async function removeEntries(
  layout: StoreLayout,
  host: Platform,
  text: string,
  options: RemoveOptions,
): Promise<Removal> {
  let removal: Removal = { entries: [], untagged: [], deleted: [] };
  const remove = (entries: readonly ImageEntry[]) =>
    planRemoval(entries, groupImages(entries), findImage(entries, text, host), options);
  await updateIndex(layout, index => {
    removal = remove(index.entries);
    return { ...index, entries: removal.entries };
  });
  return removal;
}

function itemsOf({ untagged, deleted }: Removal): RemovedItem[] {
  return [...untagged.map(text => ({ untagged: text })), ...deleted.map(id => ({ deleted: id }))];
}
