import { createHash } from 'node:crypto';
import { join } from 'node:path';
import {
  type Descriptor,
  type Digest,
  type ImageConfig,
  type ImageProcessConfig,
  isTinydError,
  MEDIA_TYPES,
  type Platform,
  parseDigest,
  type Reference,
  TinydError,
} from '@tinyd/core';
import type { StoreLayout } from '../layout';
import { messageOf } from '../system-error';
import type { ArchiveContent } from './archive-content';
import { ArchiveSource } from './archive-source';
import { ROOT_HINT } from './invalid-archive';
import { spoolLimit, withScratchFolder } from './load';
import { type RootBlob, writeRootBlob } from './root-blob';
import { type LoadedImage, storeImages } from './store-images';

/** A root file system, as a tar archive. */
export interface RootInput {
  /** What messages call it. */
  readonly label: string;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** What the image of a root file system is to be. */
export interface ImportOptions {
  /** Its name, with a tag and without a digest. */
  readonly reference?: Reference;
  readonly platform: Platform;
  readonly config: ImageProcessConfig;
  /** What its history says. */
  readonly comment: string;
  /** ISO 8601. */
  readonly created: string;
  readonly signal?: AbortSignal;
}

/**
 * Makes an image with one layer of a root file system: same bytes and options, same image.
 *
 * Fails with ERR_TINYD_ARCHIVE_INVALID for what is no tar archive, with ERR_TINYD_LAYER_ESCAPE, ERR_TINYD_LAYER_COMPRESSION,
 * ERR_TINYD_STORE_SPACE, and with ERR_TINYD_REFERENCE_INVALID for a name with a digest.
 */
export async function importRoot(
  layout: StoreLayout,
  { label, chunks }: RootInput,
  options: ImportOptions,
): Promise<LoadedImage> {
  const { reference, platform, signal } = options;
  if (reference?.digest !== undefined) {
    throw new TinydError('ERR_TINYD_REFERENCE_INVALID', 'cannot name an imported image by a digest', {
      hint: 'name it like registry.example/team/app:tag',
    });
  }
  return withScratchFolder(layout, async folder => {
    const path = join(folder, 'root');
    const blob = await writeRootBlob(chunks, { path, label, limitBytes: spoolLimit(layout), signal });
    const { content } = rootImage(label, blob, options);
    const pull = { platform, explicitPlatform: false, ...(signal && { signal }) };
    try {
      const [image] = await storeImages(
        layout,
        { source: new ArchiveSource(content), images: content.images },
        pull,
      );
      if (image === undefined) throw new TinydError('ERR_TINYD_INTERNAL', `import of ${label} made no image`);
      return image;
    } catch (error) {
      if (!isTinydError(error) || error.code !== 'ERR_TINYD_LAYER_INVALID') throw error;
      const reason = messageOf(error.cause ?? error);
      throw new TinydError(
        'ERR_TINYD_ARCHIVE_INVALID',
        `cannot import ${label}: it is no tar archive: ${reason}`,
        {
          hint: ROOT_HINT,
          cause: error,
        },
      );
    }
  });
}

/** The image of a root file system, as if it lay in an archive. */
export function rootImage(
  label: string,
  blob: RootBlob,
  options: ImportOptions,
): { readonly imageId: Digest; readonly content: ArchiveContent } {
  const { reference, platform, config, comment, created } = options;
  const { os, architecture, variant } = platform;
  const document: ImageConfig = {
    created,
    architecture,
    os,
    ...(variant && { variant }),
    config,
    rootfs: { type: 'layers', diff_ids: [blob.diffId] },
    history: [{ created, comment }],
  };
  const configBytes = Buffer.from(JSON.stringify(document));
  const mediaType = MEDIA_TYPES.ociManifest;
  const manifest = {
    schemaVersion: 2,
    mediaType,
    config: descriptorOf(configBytes, MEDIA_TYPES.ociConfig),
    layers: [blob.descriptor],
  };
  const manifestBytes = Buffer.from(JSON.stringify(manifest));
  const target = descriptorOf(manifestBytes, mediaType);
  const content: ArchiveContent = {
    label,
    images: [{ target, names: reference ? [reference] : [] }],
    documents: new Map<Digest, Uint8Array>([
      [target.digest, manifestBytes],
      [manifest.config.digest, configBytes],
    ]),
    blob: digest =>
      digest === blob.descriptor.digest ? { path: blob.path, size: blob.descriptor.size } : undefined,
  };
  return { imageId: manifest.config.digest, content };
}

function descriptorOf(bytes: Uint8Array, mediaType: string): Descriptor {
  const digest = parseDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
  return { mediaType, digest, size: bytes.length };
}
