import { statSync } from 'node:fs';
import type { Digest } from '@tinyd/core';
import { readConfig, readManifest } from '../content/document';
import { findLayer } from '../layers/record';
import { blobPath, type StoreLayout } from '../layout';
import type { ImageEntry } from './entry';
import { chainOf, groupImages, type StoredImage } from './image';

/** What one image occupies: its unpacked layers, and the blobs they came from. Bytes. */
export interface ImageUsage {
  readonly id: Digest;
  readonly bytes: number;
  /** The part that other images need, too. */
  readonly sharedBytes: number;
  /** What removing this image alone would give back. */
  readonly uniqueBytes: number;
}

/** What all images occupy, everything counted once. */
export interface ImagesUsage {
  readonly bytes: number;
  /** What removing the images that are not in use would give back. */
  readonly reclaimableBytes: number;
  readonly images: readonly ImageUsage[];
}

/** Sizes of an image's layers and blobs, by what they are called. */
type Parts = ReadonlyMap<string, number>;

/**
 * Adds up layers and blobs, each once however many images have it. Reads small files only. What is missing or damaged
 * counts as nothing.
 */
export function imagesUsage(
  layout: StoreLayout,
  entries: readonly ImageEntry[],
  isInUse: (id: Digest) => boolean,
): ImagesUsage {
  const parts = groupImages(entries).map(image => ({ id: image.id, parts: partsOf(layout, image) }));
  const holders = new Map<string, number>();
  for (const { parts: own } of parts) {
    for (const name of own.keys()) holders.set(name, (holders.get(name) ?? 0) + 1);
  }
  const images = parts.map(({ id, parts: own }) => {
    const bytes = sum(own.values());
    const shared = [...own].filter(([name]) => (holders.get(name) ?? 0) > 1);
    const sharedBytes = sum(shared.map(([, size]) => size));
    return { id, bytes, sharedBytes, uniqueBytes: bytes - sharedBytes };
  });
  const union = (some: typeof parts) => sum(new Map(some.flatMap(({ parts: own }) => [...own])).values());
  const bytes = union(parts);
  return { bytes, reclaimableBytes: bytes - union(parts.filter(({ id }) => isInUse(id))), images };
}

function partsOf(layout: StoreLayout, { id, entries }: StoredImage): Parts {
  const parts = new Map<string, number>();
  const addBlob = (digest: Digest) => parts.set(digest, blobBytes(layout, digest));
  addBlob(id);
  for (const { target, manifest } of entries) {
    addBlob(target.digest);
    addBlob(manifest);
    attempt(() => {
      const { kind, document } = readManifest(layout, manifest);
      if (kind === 'manifest') for (const { digest } of document.layers) addBlob(digest);
    });
  }
  attempt(() => {
    for (const chainId of chainOf(readConfig(layout, id))) {
      parts.set(`layer ${chainId}`, findLayer(layout, chainId)?.contentBytes ?? 0);
    }
  });
  return parts;
}

function attempt(action: () => void): void {
  try {
    action();
  } catch {
    // Damaged: `tinyd images` says so.
  }
}

function blobBytes(layout: StoreLayout, digest: Digest): number {
  return statSync(blobPath(layout, digest), { throwIfNoEntry: false })?.size ?? 0;
}

function sum(sizes: Iterable<number>): number {
  return [...sizes].reduce((total, size) => total + size, 0);
}
