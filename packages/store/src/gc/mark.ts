import { existsSync } from 'node:fs';
import { type Digest, isIndexType } from '@tinyd/core';
import { readConfig, readManifest } from '../content/document';
import { chainOf } from '../images/image';
import type { StoreIndex } from '../images/index-file';
import { findLayer } from '../layers/record';
import { blobPath, type StoreLayout } from '../layout';
import type { FoundLease } from '../pull/lease';

/** What must stay. */
export interface Live {
  readonly blobs: Set<Digest>;
  readonly chainIds: Set<Digest>;
  /** Why the rest cannot be told: a document that an image needs is damaged. */
  readonly problem?: unknown;
}

/** Finds all that the images of an index and the pulls under way reach. */
export function mark(layout: StoreLayout, index: StoreIndex, leases: readonly FoundLease[]): Live {
  const blobs = new Set<Digest>(leases.flatMap(lease => lease.blobs));
  const chainIds = new Set<Digest>(leases.flatMap(lease => lease.chainIds));
  try {
    for (const { target, manifest, imageId } of index.entries) {
      blobs.add(target.digest).add(manifest).add(imageId);
      markIndexes(layout, target.digest, blobs);
      markManifest(layout, manifest, blobs, chainIds);
    }
    for (const { digest } of index.foreign) markAll(layout, digest, blobs, chainIds);
  } catch (problem) {
    return { blobs, chainIds, problem };
  }
  return { blobs, chainIds };
}

/** The indexes within an index, but not the images: other platforms' images may be removed on their own. */
function markIndexes(layout: StoreLayout, digest: Digest, blobs: Set<Digest>): void {
  const target = readManifest(layout, digest);
  if (target.kind !== 'index') return;
  for (const child of target.document.manifests) {
    if (!isIndexType(child.mediaType) || !existsSync(blobPath(layout, child.digest))) continue;
    blobs.add(child.digest);
    markIndexes(layout, child.digest, blobs);
  }
}

function markManifest(layout: StoreLayout, digest: Digest, blobs: Set<Digest>, chainIds: Set<Digest>): void {
  const manifest = readManifest(layout, digest);
  if (manifest.kind !== 'manifest') return;
  const { config, layers } = manifest.document;
  blobs.add(config.digest);
  for (const layer of layers) blobs.add(layer.digest);
  for (const chainId of chainOf(readConfig(layout, config.digest))) {
    chainIds.add(chainId);
    // The layer may have come from a blob that another manifest compressed differently.
    const record = findLayer(layout, chainId);
    if (record) blobs.add(record.blob);
  }
}

/** Everything below a descriptor that another program put there. */
function markAll(layout: StoreLayout, digest: Digest, blobs: Set<Digest>, chainIds: Set<Digest>): void {
  blobs.add(digest);
  if (!existsSync(blobPath(layout, digest))) return;
  const { kind, document } = readManifest(layout, digest);
  if (kind === 'manifest') markManifest(layout, digest, blobs, chainIds);
  else for (const child of document.manifests) markAll(layout, child.digest, blobs, chainIds);
}
