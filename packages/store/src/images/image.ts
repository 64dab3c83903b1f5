import { statSync } from 'node:fs';
import { join } from 'node:path';
import {
  chainIds,
  type Digest,
  familiarName,
  familiarRepository,
  type ImageConfig,
  TinydError,
} from '@tinyd/core';
import { digestHexOf } from '@tinyd/native';
import { readConfig } from '../content/document';
import { readLayer } from '../layers/record';
import { layerLinkName, type StoreLayout } from '../layout';
import type { ImageEntry } from './entry';

/** One image of the store, with all the entries that lead to it. */
export interface StoredImage {
  /** Digest of the config. */
  readonly id: Digest;
  /** The entry through which it was found; or the first. */
  readonly entry: ImageEntry;
  /** Entries of the same image, that one included. */
  readonly entries: readonly ImageEntry[];
}

/** Groups entries by the image that they stand for, in the order in which the images came. */
export function groupImages(entries: readonly ImageEntry[]): StoredImage[] {
  const images = new Map<Digest, ImageEntry[]>();
  for (const entry of entries) {
    const known = images.get(entry.imageId);
    if (known) known.push(entry);
    else images.set(entry.imageId, [entry]);
  }
  return [...images].flatMap(([id, [entry, ...more]]) =>
    entry ? [{ id, entry, entries: [entry, ...more] }] : [],
  );
}

/** `nginx:latest`, for each tag of the image. */
export function repoTags({ entries }: StoredImage): string[] {
  return entries.flatMap(({ reference }) => (reference?.tag ? [familiarName(reference)] : []));
}

/** `nginx@sha256:…`, for each repository that is known to hold the image under that digest. */
export function repoDigests({ entries }: StoredImage): string[] {
  return [...new Set(entries.flatMap(repoDigest))];
}

/** One entry's `repository@digest`, as a list of none or one. */
export function repoDigest({ origin, repository, target }: ImageEntry): string[] {
  return origin === 'pull' && repository ? [`${familiarRepositoryOf(repository)}@${target.digest}`] : [];
}

/** docker's short form of a canonical repository. */
export function familiarRepositoryOf(repository: string): string {
  const slash = repository.indexOf('/');
  return familiarRepository({ domain: repository.slice(0, slash), path: repository.slice(slash + 1) });
}

/** Chain IDs of an image's layers, bottom first. */
export function chainOf(config: ImageConfig): Digest[] {
  return chainIds(config.rootfs.diff_ids, text => digestHexOf('sha256', Buffer.from(text)));
}

/** Sum of the file sizes of all layers, in bytes. Fails with ERR_TINYD_STORE_INVALID. */
export function imageSize(layout: StoreLayout, config: ImageConfig): number {
  return chainOf(config).reduce((sum, chainId) => sum + readLayer(layout, chainId).contentBytes, 0);
}

/**
 * Overlay lower dirs of an image, topmost first, relative to the root folder: `l/3fd2a1b09c4e…`.
 *
 * Fails with ERR_TINYD_STORE_INVALID when a layer is not in the store.
 */
export function lowerDirs(layout: StoreLayout, config: ImageConfig): string[] {
  return chainOf(config)
    .map(chainId => {
      const link = layerLinkName(chainId);
      if (statSync(join(layout.root, link), { throwIfNoEntry: false })?.isDirectory()) return link;
      readLayer(layout, chainId);
      throw new TinydError(
        'ERR_TINYD_STORE_INVALID',
        `cannot use layer ${chainId}: ${link} does not lead to it`,
        {
          hint: 'pull the image again: only what is missing is made',
          details: { path: join(layout.root, link), chainId },
        },
      );
    })
    .reverse();
}

/** Reads an image's config. Fails with ERR_TINYD_STORE_INVALID. */
export function configOf(layout: StoreLayout, image: StoredImage): ImageConfig {
  return readConfig(layout, image.id);
}
