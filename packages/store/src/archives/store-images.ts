import {
  type Descriptor,
  type Digest,
  familiarName,
  type ImageSource,
  type Reference,
  TinydError,
} from '@tinyd/core';
import { sweep } from '../gc/sweep';
import { type ImageEntry, isNamed, repositoryOf } from '../images/entry';
import { updateIndex } from '../images/index-file';
import { isSameImage, nameImage } from '../images/naming';
import { removeUnfinished } from '../layers/unfinished';
import type { StoreLayout } from '../layout';
import { pullContent } from '../pull/content';
import type { PullOptions } from '../pull/events';
import { PullLease } from '../pull/lease';
import { type ResolvedImage, resolveImage } from '../pull/resolve-image';
import { PullSession } from '../pull/session';
import type { ArchivedImage } from './archive-content';

/** An image that came from a file. */
export interface LoadedImage {
  readonly imageId: Digest;
  /** The names it has now by this, in docker's short form. */
  readonly names: readonly string[];
  readonly warnings: readonly string[];
}

/** Images to be brought, all of them or none. */
export interface ImagesToStore {
  readonly source: ImageSource;
  readonly images: readonly ArchivedImage[];
  /** Looks at an image before the first of its blobs is read. */
  readonly check?: (image: ResolvedImage) => Promise<void>;
}

interface BroughtImage extends ArchivedImage {
  readonly resolved: ResolvedImage;
  readonly platform: string;
  readonly warnings: readonly string[];
}

/**
 * Brings images from files into the store, verified and committed like pulled ones. They become visible together, after
 * the last is whole; after a failure the store is as before.
 */
export async function storeImages(
  layout: StoreLayout,
  { source, images, check }: ImagesToStore,
  options: PullOptions,
): Promise<LoadedImage[]> {
  const leases: PullLease[] = [];
  let isDone = false;
  try {
    const sessions: { image: ArchivedImage; session: PullSession; resolved: ResolvedImage }[] = [];
    for (const image of images) {
      const session = new PullSession(layout, source, contentReference(image), options);
      const resolved = await resolveImage(session);
      await check?.(resolved);
      sessions.push({ image, session, resolved });
    }
    const brought: BroughtImage[] = [];
    for (const { image, session, resolved } of sessions) {
      const lease = PullLease.open(layout);
      leases.push(lease);
      const { platform } = await pullContent(session, lease, resolved);
      brought.push({ ...image, resolved, platform, warnings: session.warnings });
    }
    await updateIndex(layout, index => ({ ...index, entries: brought.reduce(record, index.entries) }));
    isDone = true;
    return brought.map(({ resolved, names, warnings }) => ({
      imageId: resolved.manifest.config.digest,
      names: names.map(familiarName),
      warnings,
    }));
  } catch (error) {
    throw options.signal?.aborted ? cancelled(error) : error;
  } finally {
    for (const lease of leases) {
      lease.end();
      await removeUnfinished(layout, lease.id);
    }
    if (!isDone && leases.length > 0) await sweep(layout, { dropInterrupted: false });
  }
}

/** By digest: no name that an archive claims decides what is brought. */
function contentReference({ target, names }: ArchivedImage): Reference {
  const { domain, path } = names[0] ?? { domain: 'localhost', path: 'image' };
  return { domain, path, digest: target.digest, tagIsImplied: false };
}

function record(entries: readonly ImageEntry[], image: BroughtImage): readonly ImageEntry[] {
  if (image.names.length === 0) {
    const entry = entryOf(image, image.resolved.target);
    return entries.some(other => isSameImage(other, entry)) ? entries : [...entries, entry];
  }
  return image.names.reduce((all, reference) => {
    const entry = {
      ...entryOf(image, image.resolved.target),
      reference,
      repository: repositoryOf(reference),
    };
    const isThere = (other: ImageEntry) =>
      isNamed(other, reference) && other.platform === entry.platform && other.manifest === entry.manifest;
    // What is known of a pulled image, its digest in the registry, is not forgotten for a file's sake.
    return all.some(isThere) ? all : nameImage(all, entry);
  }, entries);
}

function entryOf({ resolved, platform }: BroughtImage, target: Descriptor): ImageEntry {
  return {
    target,
    manifest: resolved.manifestDescriptor.digest,
    imageId: resolved.manifest.config.digest,
    platform,
    origin: 'tag',
    updated: new Date().toISOString(),
  };
}

function cancelled(cause: unknown): TinydError {
  return new TinydError('ERR_TINYD_CANCELLED', 'loading was cancelled', {
    cause,
    hint: 'nothing of it is kept: start again',
  });
}
