import { readFileSync } from 'node:fs';
import { type Descriptor, TinydError } from '@tinyd/core';
import { writeFileDurably } from '../content/durable-file';
import { acquireLock } from '../content/object-lock';
import { indexLockPath, type StoreLayout } from '../layout';
import { messageOf, systemCode } from '../system-error';
import { fromDescriptor, type ImageEntry, toDescriptor } from './entry';

/** What index.json holds. */
export interface StoreIndex {
  /** In the order in which they came. */
  readonly entries: readonly ImageEntry[];
  /** Descriptors that other programs added to the layout; kept, with all that they reach. */
  readonly foreign: readonly Descriptor[];
}

/**
 * Reads index.json. A store that was never written to has no images.
 *
 * Fails with ERR_TINYD_STORE_INVALID.
 */
export function readIndex(layout: StoreLayout): StoreIndex {
  let text: string;
  try {
    text = readFileSync(layout.index, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return { entries: [], foreign: [] };
    throw invalidIndex(layout, messageOf(error), error);
  }
  try {
    return decodeIndex(JSON.parse(text));
  } catch (error) {
    throw invalidIndex(layout, messageOf(error), error);
  }
}

/**
 * Changes index.json under its lock.
 *
 * @param change gets what is there and returns what shall be there; undefined leaves the file alone. Everything that
 *   the new index reaches must be durable before this is called.
 */
export async function updateIndex(
  layout: StoreLayout,
  change: (index: StoreIndex) => StoreIndex | undefined | Promise<StoreIndex | undefined>,
): Promise<void> {
  await withIndexLock(layout, async () => {
    const changed = await change(readIndex(layout));
    if (changed !== undefined) await writeFileDurably(layout.index, encodeIndex(changed));
  });
}

/** Runs `action` while nobody changes index.json or sweeps what it does not reach. */
export async function withIndexLock<T>(layout: StoreLayout, action: () => T | Promise<T>): Promise<T> {
  const lock = await acquireLock(indexLockPath(layout), { permanent: true });
  try {
    return await action();
  } finally {
    lock.release();
  }
}

function decodeIndex(value: unknown): StoreIndex {
  const manifests = (value as { manifests?: unknown } | null)?.manifests;
  if (!Array.isArray(manifests)) throw new TypeError('it has no list of manifests');
  const entries: ImageEntry[] = [];
  const foreign: Descriptor[] = [];
  for (const descriptor of manifests as Descriptor[]) {
    const entry = fromDescriptor(descriptor);
    if (entry === undefined) foreign.push(descriptor);
    else entries.push(entry);
  }
  return { entries, foreign };
}

function encodeIndex({ entries, foreign }: StoreIndex): string {
  const manifests = [...entries.map(toDescriptor), ...foreign];
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  return `${JSON.stringify({ schemaVersion: 2, mediaType, manifests }, undefined, 2)}\n`;
}

function invalidIndex(layout: StoreLayout, reason: string, cause: unknown): TinydError {
  return new TinydError('ERR_TINYD_STORE_INVALID', `cannot read ${layout.index}: ${reason}`, {
    cause,
    hint: 'restore the file, or move it away and pull the images again: blobs and layers that are there are reused',
    details: { path: layout.index },
  });
}
