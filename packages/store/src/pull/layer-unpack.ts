import { writeFile } from 'node:fs/promises';
import type { Descriptor, Digest } from '@tinyd/core';
import { settleLayer, startUnpack, type UnpackResult } from '@tinyd/native';
import { type ObjectLock, tryAcquireLock } from '../content/object-lock';
import type { Committable } from '../layers/commit';
import { layerRecord } from '../layers/record';
import { makeUnfinished } from '../layers/unfinished';
import { layerContentPath, layerLockPath, layerRecordPath } from '../layout';
import type { BlobFeed } from './blob-feed';
import type { CommitGroup } from './commit-group';
import type { EarlyFlush } from './early-flush';
import type { LayerStack } from './layer-stack';
import type { PullSession } from './session';
import type { Slots } from './slots';

/** What the layers of one pull share. */
export interface LayerPullContext {
  readonly session: PullSession;
  readonly leaseId: string;
  /** Known once the config has arrived; downloads begin before that. */
  readonly stack: Promise<LayerStack>;
  /** The config was in the store: no layer needs to be fetched on suspicion. */
  readonly isStackKnown: boolean;
  readonly downloads: Slots;
  readonly unpacks: Slots;
  readonly earlyFlush: EarlyFlush;
  readonly group: CommitGroup<Committable>;
  readonly overlayXattr: 'trusted' | 'user';
  /** Bytes of content that one layer may have. */
  readonly limitBytes: number;
}

/** How often an unpacker that has all its input is asked how far it is. */
const PROGRESS_MS = 100;

/** A layer that is verified and unpacked, but knows nothing yet of the layers below. */
export interface UnpackedLayer {
  readonly position: number;
  readonly chainId: Digest;
  /** Holds `diff/`, and `layer.json` once it is complete. */
  readonly folder: string;
  readonly blob: Descriptor;
  readonly result: UnpackResult;
  /** The layer's lock, to be released once it is committed or given up. */
  readonly lock: ObjectLock;
}

/**
 * Unpacks the layer at `position` from a blob that may still be arriving.
 *
 * Undefined when the layer is in the store, or when somebody else is making it.
 */
export async function startLayer(
  context: LayerPullContext,
  feed: BlobFeed,
  position: number,
): Promise<UnpackedLayer | undefined> {
  const { session, unpacks, leaseId } = context;
  const stack = await context.stack;
  const { chainId } = stack.at(position);
  if (stack.isStored(position)) return undefined;
  const lock = tryAcquireLock(layerLockPath(session.layout, chainId));
  if (lock === undefined) return undefined;
  try {
    if (stack.isStored(position)) {
      lock.release();
      return undefined;
    }
    const folder = await makeUnfinished(session.layout, leaseId, position);
    const targetDir = layerContentPath(folder);
    const result = await unpacks.use(session.signal, () => follow(context, feed, stack, position, targetDir));
    return { position, chainId, folder, blob: feed.descriptor, result, lock };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Gives a layer what it takes from the layers below, and its record. Waits for those layers. */
export async function completeLayer(context: LayerPullContext, layer: UnpackedLayer): Promise<void> {
  const { session, overlayXattr } = context;
  const { position, folder, result } = layer;
  const stack = await context.stack;
  const targetDir = layerContentPath(folder);
  const { impliedDirs, pendingLinks, whiteouts } = result;
  if (impliedDirs.length > 0 || pendingLinks.length > 0 || whiteouts.length > 0) {
    await waitForLower(context, stack, position);
    const lowerDirs = stack.lowerDirs(position);
    await settleLayer({ targetDir, lowerDirs, impliedDirs, pendingLinks, whiteouts, overlayXattr });
  }
  await writeFile(layerRecordPath(folder), recordOf(session, stack, layer), { mode: 0o600 });
  stack.settle(position, targetDir);
}

/** Runs the engine beside the download. */
async function follow(
  { session, earlyFlush, overlayXattr, limitBytes }: LayerPullContext,
  feed: BlobFeed,
  stack: LayerStack,
  position: number,
  targetDir: string,
): Promise<UnpackResult> {
  const { digest, size } = feed.descriptor;
  const { diffId } = stack.at(position);
  const unpack = startUnpack({
    blobFd: feed.fd,
    blobSize: size,
    blobDigest: digest,
    diffId,
    targetDir,
    overlayXattr,
    limitBytes,
  });
  const abort = () => unpack.abort();
  session.signal.addEventListener('abort', abort, { once: true });
  let before = 0;
  const progress = setInterval(() => {
    const bytes = unpack.consumed();
    earlyFlush.add(bytes - before);
    before = bytes;
    if (feed.isComplete) session.emit({ type: 'layer', digest, status: 'unpacking', bytes, size });
  }, PROGRESS_MS);
  try {
    return await feed.follow(unpack);
  } finally {
    clearInterval(progress);
    session.signal.removeEventListener('abort', abort);
  }
}

/** While it waits, this layer must not hold up the commit that another process may be waiting for. */
async function waitForLower({ group }: LayerPullContext, stack: LayerStack, position: number): Promise<void> {
  if (stack.isSettledBelow(position)) return;
  group.leave();
  try {
    await stack.settledBelow(position);
  } finally {
    await group.enter();
  }
}

function recordOf(
  session: PullSession,
  stack: LayerStack,
  { position, blob, result }: UnpackedLayer,
): string {
  const { chainId, diffId } = stack.at(position);
  const parent = stack.parentOf(position);
  const { compression, contentBytes, entries } = result;
  const source = session.servedBy();
  const facts = { chainId, diffId, compression, contentBytes, entries, source };
  const record = layerRecord({ ...facts, blob: blob.digest, blobSize: blob.size, ...(parent && { parent }) });
  return `${JSON.stringify(record, undefined, 2)}\n`;
}
