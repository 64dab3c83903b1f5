import { writeFile } from 'node:fs/promises';
import { settleLayer, startUnpack, type UnpackResult } from '@tinyd/native';
import type { Committable } from '../layers/commit';
import { layerRecord } from '../layers/record';
import { makeUnfinished } from '../layers/unfinished';
import { layerContentPath, layerRecordPath } from '../layout';
import type { BlobFeed } from './blob-feed';
import type { CommitGroup } from './commit-group';
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
  readonly group: CommitGroup<Committable>;
  readonly overlayXattr: 'trusted' | 'user';
  /** Bytes of content that one layer may have. */
  readonly limitBytes: number;
}

/** How often an unpacker that has all its input is asked how far it is. */
const PROGRESS_MS = 100;

/**
 * Unpacks the layer at `position` from a blob that may still be arriving, and completes it with what the layers below
 * tell.
 *
 * @returns its folder, to be committed: `layer.json` and `diff/`.
 */
export async function unpackLayer(
  context: LayerPullContext,
  feed: BlobFeed,
  stack: LayerStack,
  position: number,
): Promise<string> {
  const { session, unpacks, leaseId, overlayXattr } = context;
  const folder = await makeUnfinished(session.layout, leaseId, position);
  const targetDir = layerContentPath(folder);
  const result = await unpacks.use(session.signal, () => follow(context, feed, stack, position, targetDir));
  const { impliedDirs, pendingLinks } = result;
  if (impliedDirs.length > 0 || pendingLinks.length > 0) {
    await waitForLower(context, stack, position);
    const lowerDirs = stack.lowerDirs(position);
    await settleLayer({ targetDir, lowerDirs, impliedDirs, pendingLinks, overlayXattr });
  }
  await writeFile(layerRecordPath(folder), recordOf(session, feed, stack, position, result), { mode: 0o600 });
  stack.settle(position, targetDir);
  return folder;
}

/** Runs the engine beside the download. */
async function follow(
  { session, overlayXattr, limitBytes }: LayerPullContext,
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
  const progress = setInterval(() => {
    if (!feed.isComplete) return;
    session.emit({ type: 'layer', digest, status: 'unpacking', bytes: unpack.consumed(), size });
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
  { descriptor }: BlobFeed,
  stack: LayerStack,
  position: number,
  { compression, contentBytes, entries }: UnpackResult,
): string {
  const { chainId, diffId } = stack.at(position);
  const parent = stack.parentOf(position);
  const { digest: blob, size: blobSize } = descriptor;
  const source = session.servedBy();
  const facts = { chainId, diffId, blob, blobSize, compression, contentBytes, entries, source };
  return `${JSON.stringify(layerRecord({ ...facts, ...(parent && { parent }) }), undefined, 2)}\n`;
}
