import { gzipSync } from 'node:zlib';
import {
  type Descriptor,
  type Digest,
  type ImageProcessConfig,
  MEDIA_TYPES,
  type Platform,
} from '@tinyd/core';
import { digestOf } from '../pull/verify';
import type { ImageContent, ServedBlob, ServedDocument } from './content';

/** One layer to put into an image. */
export interface LayerSource {
  /** The layer as an uncompressed tar. */
  readonly tar: Uint8Array;
  /** Default: gzip. With bytes and a media type: as given, made by the caller from `tar`. */
  readonly compression?: 'gzip' | 'none' | { readonly bytes: Uint8Array; readonly mediaType: string };
}

/** What {@link makeImage} makes an image of. */
export interface ImageSpecification {
  /** Bottom layer first. */
  readonly layers: readonly LayerSource[];
  readonly config?: ImageProcessConfig;
  /** Default: linux/amd64. */
  readonly platform?: Platform;
  /** Which of the two dialects to write. Default: oci. */
  readonly dialect?: 'oci' | 'docker';
  readonly created?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Builds a single-platform image in memory: layers, config, manifest. */
export function makeImage(
  specification: ImageSpecification,
): ImageContent & { readonly manifest: Descriptor } {
  const {
    dialect = 'oci',
    platform = { os: 'linux', architecture: 'amd64' },
    config = {},
    annotations,
  } = specification;
  const created = specification.created ?? '2024-01-01T00:00:00Z';
  const types = dialect === 'oci' ? OCI : DOCKER;
  const blobs = new Map<Digest, ServedBlob>();
  const store = (mediaType: string, bytes: Uint8Array): Descriptor => {
    const digest = digestOf(bytes);
    blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const layers = specification.layers.map(layer => {
    const { bytes, mediaType } = compress(layer, types);
    return store(mediaType, bytes);
  });
  const configDocument = {
    created,
    architecture: platform.architecture,
    os: platform.os,
    ...(platform.variant && { variant: platform.variant }),
    config,
    rootfs: { type: 'layers', diff_ids: specification.layers.map(({ tar }) => digestOf(tar)) },
    history: specification.layers.map((_, index) => ({ created, created_by: `layer ${index + 1}` })),
  };
  const manifestDocument = {
    schemaVersion: 2,
    mediaType: types.manifest,
    config: store(types.config, json(configDocument)),
    layers,
    ...(annotations && { annotations }),
  };
  const document = { mediaType: types.manifest, bytes: json(manifestDocument) };
  const root = digestOf(document.bytes);
  const manifest = { mediaType: types.manifest, digest: root, size: document.bytes.length, platform };
  return { root, manifest, documents: new Map([[root, document]]), blobs };
}

/** Joins images of several platforms under an index; `extra` entries are listed before them as they are. */
export function makeIndex(
  images: readonly (ImageContent & { readonly manifest: Descriptor })[],
  options: { readonly dialect?: 'oci' | 'docker'; readonly extra?: readonly Descriptor[] } = {},
): ImageContent {
  const mediaType = options.dialect === 'docker' ? MEDIA_TYPES.dockerList : MEDIA_TYPES.ociIndex;
  const manifests = [...(options.extra ?? []), ...images.map(image => image.manifest)];
  const bytes = json({ schemaVersion: 2, mediaType, manifests });
  const root = digestOf(bytes);
  const documents = new Map<Digest, ServedDocument>([[root, { mediaType, bytes }]]);
  const blobs = new Map<Digest, ServedBlob>();
  for (const image of images) {
    for (const [digest, document] of image.documents) documents.set(digest, document);
    for (const [digest, blob] of image.blobs) blobs.set(digest, blob);
  }
  return { root, documents, blobs };
}

const OCI = {
  manifest: MEDIA_TYPES.ociManifest,
  config: MEDIA_TYPES.ociConfig,
  plain: MEDIA_TYPES.ociLayer,
  gzip: MEDIA_TYPES.ociLayerGzip,
};

const DOCKER = {
  manifest: MEDIA_TYPES.dockerManifest,
  config: MEDIA_TYPES.dockerConfig,
  plain: MEDIA_TYPES.dockerLayer,
  gzip: MEDIA_TYPES.dockerLayerGzip,
};

function compress({ tar, compression = 'gzip' }: LayerSource, types: typeof OCI | typeof DOCKER) {
  if (typeof compression === 'object') return compression;
  if (compression === 'none') return { bytes: tar, mediaType: types.plain };
  return { bytes: gzipSync(tar), mediaType: types.gzip };
}

function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
