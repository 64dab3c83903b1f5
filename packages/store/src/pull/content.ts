import { existsSync, statfsSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import {
  assertLayersMatch,
  chainIds,
  type Descriptor,
  type Digest,
  digestHex,
  formatPlatform,
  formatReference,
  type ImageConfig,
} from '@tinyd/core';
import { writeDocument } from '../content/document';
import { withIndexLock } from '../images/index-file';
import { type Committable, commit, linkLayer } from '../layers/commit';
import { blobPath, partialPath, UNFINISHED_PREFIX } from '../layout';
import { CommitGroup } from './commit-group';
import { EarlyFlush } from './early-flush';
import { LayerPull } from './layer-pull';
import { LayerStack } from './layer-stack';
import type { LayerPullContext } from './layer-unpack';
import type { PullLease } from './lease';
import { checkPlatform, type ResolvedImage, readImageConfig } from './resolve-image';
import type { PulledDocument, PullSession } from './session';
import { Slots } from './slots';
import { checkSpace } from './space';

/** Blobs on their way at the same time. docker has 3, podman 6. */
const CONCURRENT_DOWNLOADS = 6;
/** Of the free space, what one layer may fill. */
const LAYER_SHARE = 0.9;

/** Fetches config and layers side by side and commits them. */
export async function pullContent(
  session: PullSession,
  lease: PullLease,
  image: ResolvedImage,
): Promise<{ readonly platform: string; readonly isNew: boolean }> {
  const { manifest, documents } = image;
  const isStackKnown = existsSync(blobPath(session.layout, manifest.config.digest));
  await claim(session, lease, image, []);
  const written = writeAll(session, lease, documents);

  const config = readImageConfig(session, manifest.config);
  const platform = config.then(({ config }) => formatPlatform(checkPlatform(session, image, config)));
  const stack = platform.then(async () => stackOf(session, lease, image, (await config).config));
  const configWritten = platform.then(async () => writeAll(session, lease, [(await config).document]));
  const layers = pullLayers(session, lease, image, stack, isStackKnown);
  const parts = [platform, stack, configWritten, written, layers];
  for (const part of parts) part.catch((error: unknown) => session.stop(error));
  await Promise.allSettled(parts);
  if (session.signal.aborted) throw session.signal.reason;
  return { platform: await platform, isNew: (await layers) > 0 };
}

/** @returns how many layers were not in the store. */
async function pullLayers(
  session: PullSession,
  lease: PullLease,
  { manifest }: ResolvedImage,
  stack: Promise<LayerStack>,
  isStackKnown: boolean,
): Promise<number> {
  const { layout } = session;
  const known = isStackKnown ? await stack : undefined;
  const blobs = distinctBlobs(manifest.layers);
  session.emit({
    type: 'layers',
    layers: blobs.map(({ digest, size }) => ({ digest, size })),
  });
  const hasBlob = ({ digest }: Descriptor) => existsSync(blobPath(layout, digest));
  const isMade = (layer: Descriptor, position: number) => known?.isStored(position) ?? hasBlob(layer);
  warnOfSpace(session, distinctBlobs(manifest.layers.filter((layer, position) => !isMade(layer, position))));
  const { bavail, bsize } = statfsSync(layout.root);
  const context: LayerPullContext = {
    session,
    leaseId: lease.id,
    stack,
    isStackKnown,
    downloads: new Slots(CONCURRENT_DOWNLOADS),
    unpacks: new Slots(availableParallelism()),
    earlyFlush: new EarlyFlush(layout.root),
    group: new CommitGroup<Committable>(items => commit(layout, items)),
    overlayXattr: process.geteuid?.() === 0 ? 'trusted' : 'user',
    limitBytes: Math.floor(bavail * bsize * LAYER_SHARE),
  };
  const pulls = manifest.layers
    .map((descriptor, position) => ({ descriptor, position }))
    .sort((a, b) => b.descriptor.size - a.descriptor.size)
    .map(({ descriptor, position }) => {
      const isFirst = manifest.layers.findIndex(({ digest }) => digest === descriptor.digest) === position;
      return new LayerPull(context, descriptor, position, isFirst).run();
    });
  for (const pull of pulls) {
    pull
      .catch(async (error: unknown) => {
        session.stop(error);
        (await stack).fail(error);
      })
      .catch(() => undefined);
  }
  const results = await Promise.allSettled(pulls);
  if (session.signal.aborted) throw session.signal.reason;
  return results.filter(result => result.status === 'fulfilled' && result.value).length;
}

/** A manifest may name one blob several times. */
function distinctBlobs(layers: readonly Descriptor[]): Descriptor[] {
  return [...new Map(layers.map(descriptor => [descriptor.digest, descriptor])).values()];
}

/** @param blobs those of the layers that are to be made, as far as is known yet. */
function warnOfSpace(session: PullSession, blobs: readonly Descriptor[]): void {
  const { layout } = session;
  if (blobs.length === 0) return;
  const sum = (sizes: readonly number[]) => sizes.reduce((total, size) => total + size, 0);
  const missingBytes = ({ digest, size }: Descriptor) => {
    if (existsSync(blobPath(layout, digest))) return 0;
    const arrived = statSync(partialPath(layout, digest), { throwIfNoEntry: false })?.size ?? 0;
    return Math.max(0, size - arrived);
  };
  const warning = checkSpace(layout.root, {
    downloadBytes: sum(blobs.map(missingBytes)),
    unpackBytes: sum(blobs.map(({ size }) => size)),
    layers: blobs.length,
  });
  if (warning) session.warn(warning);
}

/** The layers that the config describes; those in the store are settled at once. */
async function stackOf(
  session: PullSession,
  lease: PullLease,
  image: ResolvedImage,
  config: ImageConfig,
): Promise<LayerStack> {
  assertLayersMatch(image.manifest, config);
  const diffIds = config.rootfs.diff_ids;
  const chain = chainIds(diffIds);
  await claim(session, lease, image, chain);
  const stack = new LayerStack(
    session.layout,
    chain.map((chainId, position) => ({ position, chainId, diffId: diffIds[position] ?? chainId })),
  );
  for (const { position, chainId } of stack.layers) {
    if (stack.isStored(position)) await linkLayer(session.layout, chainId);
  }
  return stack;
}

/** From here on no garbage collection takes what this pull finds present or brings. */
async function claim(
  { layout, reference, options }: PullSession,
  lease: PullLease,
  { manifest, documents }: ResolvedImage,
  chain: readonly Digest[],
): Promise<void> {
  const blobs = [...documents, manifest.config, ...manifest.layers].map(({ digest }) => digest);
  const needs = {
    reference: formatReference(reference),
    platform: formatPlatform(options.platform),
    blobs,
    chainIds: chain,
  };
  await withIndexLock(layout, () => lease.claim(needs));
}

async function writeAll(
  { layout }: PullSession,
  lease: PullLease,
  documents: readonly PulledDocument[],
): Promise<void> {
  for (const { digest, bytes } of documents) {
    const temporary = join(layout.partial, `${UNFINISHED_PREFIX}${lease.id}-${digestHex(digest)}`);
    await writeDocument(layout, digest, bytes, temporary);
  }
}
