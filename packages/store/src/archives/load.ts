import { mkdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import {
  choosePlatform,
  type Descriptor,
  formatReference,
  type HostPlatform,
  type Platform,
  type Reference,
  TinydError,
} from '@tinyd/core';
import { removeAbandoned, removeUnfinished } from '../layers/unfinished';
import { type StoreLayout, UNFINISHED_PREFIX } from '../layout';
import type { PullOptions } from '../pull/events';
import { PullLease } from '../pull/lease';
import type { ResolvedImage } from '../pull/resolve-image';
import { prepareRoot } from '../root-folder';
import type { ArchiveContent, ArchivedImage } from './archive-content';
import { fileHasDigest, folderFiles } from './archive-files';
import { ArchiveSource } from './archive-source';
import { readImageArchive } from './image-archive';
import { invalidArchive, shown } from './invalid-archive';
import { spoolArchive } from './spool';
import { type LoadedImage, storeImages } from './store-images';

/** A stream of an archive's bytes, or a folder that is an OCI image layout. */
export type ArchiveInput =
  | { readonly label: string; readonly chunks: AsyncIterable<Uint8Array> }
  | { readonly folder: string };

/** Of the free space, what an archive's files may fill before they are understood. */
const SPOOL_SHARE = 0.9;

/**
 * Brings the images of an archive into the store, under the names that the archive gives them.
 *
 * Fails with ERR_TINYD_ARCHIVE_INVALID, ERR_TINYD_CONTENT_DIGEST, ERR_TINYD_PLATFORM_UNAVAILABLE and those of a pull's
 * second half; the store is as before then.
 */
export async function loadArchive(
  layout: StoreLayout,
  input: ArchiveInput,
  options: PullOptions,
): Promise<LoadedImage[]> {
  return withScratchFolder(layout, async folder => {
    const files =
      'folder' in input
        ? folderFiles(input.folder)
        : await spoolArchive(input.chunks, {
            folder,
            label: input.label,
            limitBytes: spoolLimit(layout),
            signal: options.signal,
          });
    const content = readImageArchive(files);
    return storeImages(
      layout,
      {
        source: new ArchiveSource(content),
        images: chooseByPlatform(content, options.platform),
        check: image => checkBlobs(content, image),
      },
      options,
    );
  });
}

/** Runs `action` with an empty folder in the store that goes afterwards, also after a kill: the next writer removes it. */
export async function withScratchFolder<T>(
  layout: StoreLayout,
  action: (folder: string) => Promise<T>,
): Promise<T> {
  await prepareRoot(layout);
  await removeAbandoned(layout);
  const lease = PullLease.open(layout);
  try {
    const folder = join(layout.partial, `${UNFINISHED_PREFIX}${lease.id}-archive`);
    mkdirSync(folder, { mode: 0o700 });
    return await action(folder);
  } finally {
    await removeUnfinished(layout, lease.id);
    lease.abandon();
  }
}

/** Bytes that an archive may take. */
export function spoolLimit({ root }: StoreLayout): number {
  const { bavail, bsize } = statfsSync(root);
  return Math.floor(bavail * bsize * SPOOL_SHARE);
}

/** Where a name has images for several platforms, all but the best for `platform` lose it. */
function chooseByPlatform(
  { label, images }: ArchiveContent,
  platform: Platform | HostPlatform,
): ArchivedImage[] {
  const winner = (reference: Reference): Descriptor | undefined => {
    const name = formatReference(reference);
    const named = images.filter(({ names }) => names.some(each => formatReference(each) === name));
    const targets = named.map(({ target }) => target);
    if (new Set(targets.map(({ digest }) => digest)).size === 1) return targets[0];
    if (targets.some(target => target.platform === undefined))
      throw invalidArchive(label, `it gives the name ${shown(name)} to several images`);
    return choosePlatform(targets, platform);
  };
  return images
    .map(image => ({
      ...image,
      names: image.names.filter(name => winner(name)?.digest === image.target.digest),
    }))
    .filter((image, index) => image.names.length > 0 || images[index]?.names.length === 0);
}

/** Everything is there and is what its digest says, before anything is made of it. */
async function checkBlobs(content: ArchiveContent, { manifest }: ResolvedImage): Promise<void> {
  for (const { digest, size } of [manifest.config, ...manifest.layers]) {
    const file = content.blob(digest);
    if (file === undefined) throw invalidArchive(content.label, `it lacks the blob ${digest}`);
    if (file.size === size && (await fileHasDigest(file, digest))) continue;
    throw new TinydError(
      'ERR_TINYD_CONTENT_DIGEST',
      `cannot use ${content.label}: its blob ${digest} holds something else`,
      {
        hint: 'the archive is damaged: have it written again',
        details: { digest },
      },
    );
  }
}
