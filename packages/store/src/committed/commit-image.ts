import { createHash } from 'node:crypto';
import { join } from 'node:path';
import {
  type Descriptor,
  type Digest,
  type HistoryEntry,
  type ImageConfig,
  type ImageManifest,
  type ImageProcessConfig,
  MEDIA_TYPES,
  parseDigest,
  type Reference,
  TinydError,
} from '@tinyd/core';
import type { ArchiveContent } from '../archives/archive-content';
import { ArchiveSource } from '../archives/archive-source';
import { withScratchFolder } from '../archives/load';
import { type LoadedImage, storeImages } from '../archives/store-images';
import { readManifest } from '../content/document';
import { configOf, type StoredImage } from '../images/image';
import { blobPath, type StoreLayout } from '../layout';
import { type LayerBlob, writeLayerBlob } from './layer-blob';
import { type ChangedFolder, layerEntries } from './layer-entries';

/** What the image of a container is to be. */
export interface CommitOptions {
  /** Its name, with a tag and without a digest. */
  readonly reference?: Reference;
  /** Replaces what the image below says of its processes, key by key. */
  readonly config: ImageProcessConfig;
  readonly author?: string;
  readonly comment?: string;
  /** What made the changes, for the history. */
  readonly createdBy: string;
  /** ISO 8601. */
  readonly created: string;
  /** Set back later times of files to this, in nanoseconds since 1970: same content, same image. */
  readonly latestNs?: bigint;
  /** Lets `read` look at the changes while they hold still; called once. */
  readonly withChanges: <T>(read: (changes: ChangedFolder) => Promise<T>) => Promise<T>;
  readonly signal?: AbortSignal;
}

/**
 * Makes an image of another one and of the changes to it: one more layer, one more step of history.
 *
 * The layer is stored as a pulled one would be, verified and unpacked from its blob. Fails with ERR_TINYD_LAYER_INVALID,
 * ERR_TINYD_STORE_SPACE, ERR_TINYD_STORE_INVALID, and ERR_TINYD_REFERENCE_INVALID for a name with a digest.
 */
export async function commitImage(
  layout: StoreLayout,
  base: StoredImage,
  options: CommitOptions,
): Promise<LoadedImage> {
  if (options.reference?.digest !== undefined) {
    throw new TinydError('ERR_TINYD_REFERENCE_INVALID', 'cannot name a committed image by a digest', {
      hint: 'name it like registry.example/team/app:tag',
    });
  }
  const config = configOf(layout, base);
  const { signal } = options;
  return withScratchFolder(layout, async folder => {
    const path = join(folder, 'layer');
    const blob = await options.withChanges(changes =>
      writeLayerBlob(layerEntries(changes, options.latestNs), path, signal),
    );
    const content = contentOf(layout, base, config, blob, options);
    const { os, architecture, variant } = config;
    const platform = { os, architecture, ...(variant && { variant }) };
    const pull = { platform, explicitPlatform: false, ...(signal && { signal }) };
    const wanted = { source: new ArchiveSource(content), images: content.images };
    const [image] = await storeImages(layout, wanted, pull);
    if (image === undefined) throw new TinydError('ERR_TINYD_INTERNAL', 'commit made no image');
    return image;
  });
}

function contentOf(
  layout: StoreLayout,
  base: StoredImage,
  config: ImageConfig,
  blob: LayerBlob,
  options: CommitOptions,
): ArchiveContent {
  const below = readManifest(layout, base.entry.manifest);
  if (below.kind !== 'manifest') {
    throw new TinydError('ERR_TINYD_STORE_INVALID', `cannot commit on image ${base.id}: it has no manifest`, {
      hint: 'pull the image again',
    });
  }
  const configBytes = encode(configDocument(config, blob, options));
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociManifest,
    config: descriptorOf(configBytes, MEDIA_TYPES.ociConfig),
    layers: [...below.document.layers.map(asOciLayer), blob.descriptor],
  };
  const manifestBytes = encode(manifest);
  const target = descriptorOf(manifestBytes, MEDIA_TYPES.ociManifest);
  return {
    label: 'the commit',
    images: [{ target, names: options.reference ? [options.reference] : [] }],
    documents: new Map([
      [target.digest, manifestBytes],
      [manifest.config.digest, configBytes],
    ]),
    blob: digest => {
      if (digest === blob.descriptor.digest) return { path: blob.path, size: blob.descriptor.size };
      const lower = below.document.layers.find(layer => layer.digest === digest);
      return lower && { path: blobPath(layout, digest), size: lower.size };
    },
  };
}

function configDocument(base: ImageConfig, blob: LayerBlob, options: CommitOptions): ImageConfig {
  const { created, author, comment, createdBy, config } = options;
  const { architecture, os, variant, rootfs } = base;
  const step: HistoryEntry = {
    created,
    created_by: createdBy,
    ...(author && { author }),
    ...(comment && { comment }),
  };
  return {
    created,
    ...(author && { author }),
    architecture,
    os,
    ...(variant && { variant }),
    config: { ...base.config, ...config },
    rootfs: { type: 'layers', diff_ids: [...rootfs.diff_ids, blob.diffId] },
    history: [...(base.history ?? rootfs.diff_ids.map(() => ({}))), step],
  };
}

/** Layers have the same form in both dialects; their names must not be mixed in one manifest. */
function asOciLayer({ mediaType, digest, size, urls }: Descriptor): Descriptor {
  const types: Readonly<Record<string, string>> = {
    [MEDIA_TYPES.dockerLayer]: MEDIA_TYPES.ociLayer,
    [MEDIA_TYPES.dockerLayerGzip]: MEDIA_TYPES.ociLayerGzip,
    [MEDIA_TYPES.dockerLayerZstd]: MEDIA_TYPES.ociLayerZstd,
    [MEDIA_TYPES.dockerForeignLayerGzip]: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  };
  return { mediaType: types[mediaType] ?? mediaType, digest, size, ...(urls && { urls }) };
}

function encode(document: ImageConfig | ImageManifest): Buffer {
  return Buffer.from(JSON.stringify(document));
}

function descriptorOf(bytes: Uint8Array, mediaType: string): Descriptor {
  const digest: Digest = parseDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
  return { mediaType, digest, size: bytes.length };
}
