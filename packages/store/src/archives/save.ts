import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import {
  type Descriptor,
  type Digest,
  digestAlgorithm,
  digestHex,
  familiarName,
  formatReference,
  type ImageManifest,
  MEDIA_TYPES,
  type Platform,
  parseDigest,
  type Reference,
  TinydError,
} from '@tinyd/core';
import { packTree, type TreeEntry } from '@tinyd/tree';
import { readConfig, readDocument, readManifest } from '../content/document';
import { type ImageEntry, REF_NAME } from '../images/entry';
import { type FoundImage, findImage } from '../images/find';
import { chainOf } from '../images/image';
import { readLayer } from '../layers/record';
import { blobPath, type StoreLayout } from '../layout';
import { DOCKER_MANIFEST } from './docker-archive';
import { CONTAINERD_NAME, layoutBlobName } from './oci-layout';

/** A blob as it goes into an archive: made for it, or a file of the store. */
type SavedBlob = { readonly bytes: Uint8Array } | { readonly path: string; readonly size: number };

interface SavedImage {
  readonly manifest: Descriptor;
  readonly config: Digest;
  readonly layers: readonly Digest[];
  readonly names: Map<string, Reference>;
}

/** Which images are meant, and what they are called. */
interface SaveOptions {
  readonly host: Platform;
  readonly platform: Platform | undefined;
  /** For an image that is given by ID. */
  readonly name: Reference | undefined;
}

/**
 * Makes one archive of images that docker load and readers of OCI layouts understand, as docker does since version 25:
 * blobs, index.json, manifest.json, oci-layout. Same images and names, same bytes.
 *
 * An image that was given by ID has no name in it, but the one that the caller has for it. Fails with those of {@link findImage}, before the first byte; then with
 * ERR_TINYD_CONTENT_CORRUPT when a blob turns out to be damaged.
 */
export function saveImages(
  layout: StoreLayout,
  entries: readonly ImageEntry[],
  texts: readonly string[],
  { host, platform, name }: SaveOptions,
): AsyncIterable<Uint8Array> {
  const blobs = new Map<Digest, SavedBlob>();
  const images = new Map<Digest, SavedImage>();
  for (const text of texts) {
    const found = findImage(entries, text, host, platform);
    const image = images.get(found.image.id) ?? collect(layout, found, blobs);
    images.set(found.image.id, image);
    const { reference = name } = found;
    if (reference?.tag !== undefined && reference.digest === undefined)
      image.names.set(formatReference(reference), reference);
  }
  return packTree(members([...images.values()], blobs));
}

function collect(layout: StoreLayout, { image }: FoundImage, blobs: Map<Digest, SavedBlob>): SavedImage {
  const { manifest: digest, imageId } = image.entry;
  const stored = readManifest(layout, digest);
  if (stored.kind !== 'manifest') {
    throw new TinydError('ERR_TINYD_STORE_INVALID', `cannot save ${image.id}: ${digest} is no manifest`, {
      hint: 'remove the image with tinyd rmi and pull it again',
    });
  }
  const layers = storedLayers(layout, stored.document, imageId);
  const isAsStored = layers.every((layer, index) => layer.digest === stored.document.layers[index]?.digest);
  const bytes = isAsStored
    ? readDocument(layout, digest)
    : Buffer.from(JSON.stringify({ ...stored.document, layers }));
  const manifest = {
    mediaType: stored.mediaType,
    digest: isAsStored ? digest : sha256Of(bytes),
    size: bytes.length,
  };
  blobs.set(manifest.digest, { bytes });
  blobs.set(imageId, { bytes: readDocument(layout, imageId) });
  for (const layer of layers)
    blobs.set(layer.digest, { path: blobPath(layout, layer.digest), size: layer.size });
  return { manifest, config: imageId, layers: layers.map(layer => layer.digest), names: new Map() };
}

/** A layer whose own blob was never fetched, since another image had brought the same content, goes as that blob. */
function storedLayers(layout: StoreLayout, manifest: ImageManifest, imageId: Digest): Descriptor[] {
  const chain = chainOf(readConfig(layout, imageId));
  return manifest.layers.map((layer, index) => {
    if (isStored(layout, layer)) return layer;
    const { blob, blobSize, compression } = readLayer(layout, chain[index] ?? imageId);
    const mediaType = {
      none: MEDIA_TYPES.ociLayer,
      gzip: MEDIA_TYPES.ociLayerGzip,
      zstd: MEDIA_TYPES.ociLayerZstd,
    }[compression];
    const substitute = { mediaType, digest: blob, size: blobSize };
    if (isStored(layout, substitute)) return substitute;
    throw new TinydError(
      'ERR_TINYD_STORE_INVALID',
      `cannot save ${imageId}: its layer ${layer.digest} is missing`,
      {
        hint: 'pull the image again: only what is missing is fetched',
      },
    );
  });
}

function isStored(layout: StoreLayout, { digest, size }: Descriptor): boolean {
  return statSync(blobPath(layout, digest), { throwIfNoEntry: false })?.size === size;
}

async function* members(
  images: readonly SavedImage[],
  blobs: ReadonlyMap<Digest, SavedBlob>,
): AsyncGenerator<TreeEntry> {
  yield folder('blobs');
  for (const algorithm of ['sha256', 'sha512'] as const) {
    const digests = [...blobs.keys()].filter(digest => digestAlgorithm(digest) === algorithm).sort();
    if (digests.length > 0) yield folder(`blobs/${algorithm}`);
    for (const digest of digests) {
      const blob = blobs.get(digest);
      if (blob !== undefined) yield file(layoutBlobName(digest), blob, digest);
    }
  }
  yield file('index.json', json(layoutIndex(images)));
  yield file(DOCKER_MANIFEST, json(images.map(dockerImage)));
  yield file('oci-layout', json({ imageLayoutVersion: '1.0.0' }));
}

function layoutIndex(images: readonly SavedImage[]): object {
  const manifests = images.flatMap(({ manifest, names }) => {
    const named = [...names.values()].map(reference => ({
      ...manifest,
      annotations: { [CONTAINERD_NAME]: formatReference(reference), [REF_NAME]: reference.tag ?? '' },
    }));
    return named.length > 0 ? named : [manifest];
  });
  return { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests };
}

function dockerImage({ config, layers, names }: SavedImage): object {
  return {
    Config: layoutBlobName(config),
    RepoTags: [...names.values()].map(familiarName),
    Layers: layers.map(layoutBlobName),
  };
}

/** Owner, mode and time are the same in every archive. */
function member(path: string): Pick<TreeEntry, 'path' | 'uid' | 'gid' | 'mtimeNs' | 'xattrs'> {
  return { path: Buffer.from(path), uid: 0, gid: 0, mtimeNs: 0n, xattrs: [] };
}

function folder(path: string): TreeEntry {
  return { ...member(path), kind: 'folder', mode: 0o755, size: 0 };
}

function file(path: string, blob: SavedBlob, digest?: Digest): TreeEntry {
  const size = 'bytes' in blob ? blob.bytes.length : blob.size;
  return { ...member(path), kind: 'file', mode: 0o644, size, content: contentOf(blob, digest) };
}

async function* contentOf(blob: SavedBlob, digest: Digest | undefined): AsyncGenerator<Uint8Array> {
  if ('bytes' in blob) return yield blob.bytes;
  const hash = digest && createHash(digestAlgorithm(digest));
  for await (const chunk of createReadStream(blob.path, { end: blob.size - 1, highWaterMark: 256 * 1024 })) {
    hash?.update(chunk as Buffer);
    yield chunk as Buffer;
  }
  if (digest === undefined || hash?.digest('hex') === digestHex(digest)) return;
  throw new TinydError(
    'ERR_TINYD_CONTENT_CORRUPT',
    `cannot save ${blob.path}: its content does not match its name`,
    {
      hint: 'remove the image with tinyd rmi -f and pull it again',
      details: { digest },
    },
  );
}

function json(value: unknown): SavedBlob {
  return { bytes: Buffer.from(JSON.stringify(value)) };
}

function sha256Of(bytes: Uint8Array): Digest {
  return parseDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
}
