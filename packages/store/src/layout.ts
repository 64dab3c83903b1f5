import { join } from 'node:path';
import { type Digest, digestAlgorithm, digestHex } from '@tinyd/core';

/** Every folder and file of a store that does not belong to one object. */
export interface StoreLayout {
  readonly root: string;
  /** Marks the folder as an OCI image layout, and carries the store's own version. */
  readonly ociLayout: string;
  /** The images: one descriptor per name and platform. */
  readonly index: string;
  readonly blobs: string;
  /** Downloads that are going on or were interrupted. */
  readonly partial: string;
  readonly layers: string;
  /** Short links to the layers' content. */
  readonly links: string;
  readonly locks: string;
  /** What pulls that are going on, or were interrupted, need: spared by the garbage collection. */
  readonly pulls: string;
  /** Which images were made of archives on this machine. */
  readonly localRoots: string;
  /** What `images` shows of configs and layers; may be deleted. */
  readonly imageFacts: string;
}

/** Computes the paths of a store below its root folder. */
export function storeLayout(root: string): StoreLayout {
  return {
    root,
    ociLayout: join(root, 'oci-layout'),
    index: join(root, 'index.json'),
    blobs: join(root, 'blobs'),
    partial: join(root, 'partial'),
    layers: join(root, 'layers'),
    links: join(root, 'l'),
    locks: join(root, 'locks'),
    pulls: join(root, 'pulls'),
    localRoots: join(root, 'local-roots'),
    imageFacts: join(root, 'image-facts.json'),
  };
}

/** Prefix of what is no layer in `layers/`, and no download in `partial/`: being made, or being removed. */
export const UNFINISHED_PREFIX = '.tmp-';

/** Hex digits of a chain ID in the name of its short link: 127 of them fit the 4095 bytes of one mount call. */
const LINK_LENGTH = 24;

/** `blobs/sha256/<hex>`. */
export function blobPath(layout: StoreLayout, digest: Digest): string {
  return join(layout.blobs, digestAlgorithm(digest), digestHex(digest));
}

/** `partial/sha256-<hex>`. */
export function partialPath(layout: StoreLayout, digest: Digest): string {
  return join(layout.partial, `${digestAlgorithm(digest)}-${digestHex(digest)}`);
}

/** Prefixes of the names of locks that come and go with their holders. */
const [BLOB_LOCK, LAYER_LOCK] = ['blob-', 'layer-'];

/** True for the name of a lock that only its holder needs. */
export function isObjectLock(name: string): boolean {
  return name.startsWith(BLOB_LOCK) || name.startsWith(LAYER_LOCK);
}

/** Taken while a layer is made. */
export function layerLockPath(layout: StoreLayout, chainId: Digest): string {
  return join(layout.locks, `${LAYER_LOCK}${digestHex(chainId)}`);
}

/** Taken while a blob is downloaded and unpacked. */
export function blobLockPath(layout: StoreLayout, digest: Digest): string {
  return join(layout.locks, `${BLOB_LOCK}${digestAlgorithm(digest)}-${digestHex(digest)}`);
}

/** Taken while index.json is changed, or while what it does not reach is swept. */
export function indexLockPath(layout: StoreLayout): string {
  return join(layout.locks, 'index');
}

/** Shared by those who make something of an image, exclusive for those who remove images. */
export function imagesLockPath(layout: StoreLayout): string {
  return join(layout.locks, 'images');
}

/** `layers/<chain hex>`: there as a whole, or absent. */
export function layerFolder(layout: StoreLayout, chainId: Digest): string {
  return join(layout.layers, digestHex(chainId));
}

/** The layer's record within a layer folder. */
export function layerRecordPath(folder: string): string {
  return join(folder, 'layer.json');
}

/** The layer's content within a layer folder: an overlay lower dir. */
export function layerContentPath(folder: string): string {
  return join(folder, 'diff');
}

/** `l/<24 hex>`, relative to the root. */
export function layerLinkName(chainId: Digest): string {
  return `l/${digestHex(chainId).slice(0, LINK_LENGTH)}`;
}

/** What a layer's short link holds. */
export function layerLinkTarget(chainId: Digest): string {
  return `../layers/${digestHex(chainId)}/diff`;
}
