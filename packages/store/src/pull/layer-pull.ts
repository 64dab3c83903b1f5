import { existsSync, rmSync, statSync } from 'node:fs';
import { type Descriptor, TinydError } from '@tinyd/core';
import { freeMemory } from '@tinyd/native';
import { acquireLock } from '../content/object-lock';
import { fileMatchesDigest } from '../content/verify';
import { blobLockPath, blobPath, layerLockPath, partialPath } from '../layout';
import { BlobFeed } from './blob-feed';
import { isContentFailure, layerError } from './engine-error';
import type { LayerEvent } from './events';
import { completeLayer, type LayerPullContext, startLayer, type UnpackedLayer } from './layer-unpack';
import type { PullSession } from './session';

/** Bounds the attempts where many mirrors serve damaged content. */
const MOST_ATTEMPTS = 5;

/**
 * Brings one layer into the store: its blob is downloaded, followed by the unpacker as it grows, verified, and both are
 * committed.
 *
 * Two locks, so that concurrent pulls share the work. The blob's is held while bytes arrive and are unpacked; whoever
 * holds it waits for nobody but the network. The layer's is held until the layer is committed; whoever holds it may wait
 * for layers below, whose chains are shorter, so that no two can wait for each other.
 */
export class LayerPull {
  readonly #context: LayerPullContext;
  readonly #session: PullSession;
  readonly #descriptor: Descriptor;
  readonly #position: number;
  readonly #isFirstOfBlob: boolean;
  readonly #blob: string;
  readonly #partial: string;

  /** @param isFirstOfBlob no layer below has the same blob: only then are its events of interest. */
  constructor(context: LayerPullContext, descriptor: Descriptor, position: number, isFirstOfBlob: boolean) {
    this.#context = context;
    this.#session = context.session;
    this.#descriptor = descriptor;
    this.#position = position;
    this.#isFirstOfBlob = isFirstOfBlob;
    this.#blob = blobPath(this.#session.layout, descriptor.digest);
    this.#partial = partialPath(this.#session.layout, descriptor.digest);
  }

  /** @returns false when there was nothing to do. */
  async run(): Promise<boolean> {
    // With the blob at hand there is nothing to do before the config tells what to make of it.
    const canWait = existsSync(this.#blob) || this.#context.isStackKnown;
    if (canWait && (await this.#isStored())) return this.#exists();
    this.#emit('waiting', 0);
    for (;;) {
      const layer = await this.#unpack();
      if (layer !== undefined) return this.#complete(layer);
      if (await this.#isStored()) return this.#exists();
      await this.#waitForMaker();
    }
  }

  async #isStored(): Promise<boolean> {
    return (await this.#context.stack).isStored(this.#position);
  }

  #exists(): false {
    this.#emit('exists', this.#descriptor.size);
    return false;
  }

  /** Undefined when the layer is stored, or when another process is making it. A result counts as work of the group. */
  async #unpack(): Promise<UnpackedLayer | undefined> {
    const { session, group } = this.#context;
    const lock = await acquireLock(blobLockPath(session.layout, this.#descriptor.digest), {
      signal: session.signal,
      onWait: () => this.#emitElsewhere(),
    });
    let layer: UnpackedLayer | undefined;
    try {
      if (existsSync(this.#blob) && (await this.#isStored())) return undefined;
      await group.enter();
      try {
        layer = await this.#fetchUntilSound();
        return layer;
      } finally {
        if (layer === undefined) group.leave();
      }
    } finally {
      lock.release();
    }
  }

  async #complete(layer: UnpackedLayer): Promise<true> {
    const { digest } = this.#descriptor;
    let isInGroup = true;
    try {
      await completeLayer(this.#context, layer);
      isInGroup = false;
      await this.#context.group.finish({ blob: digest, chainId: layer.chainId, folder: layer.folder });
    } catch (error) {
      throw this.#worded(error);
    } finally {
      layer.lock.release();
      if (isInGroup) this.#context.group.leave();
    }
    this.#emit('done', this.#descriptor.size);
    return true;
  }

  async #waitForMaker(): Promise<void> {
    const { chainId } = (await this.#context.stack).at(this.#position);
    const lock = await acquireLock(layerLockPath(this.#session.layout, chainId), {
      signal: this.#session.signal,
      onWait: () => this.#emitElsewhere(),
    });
    lock.release();
  }

  /** What turns out to be damaged is fetched once more from the start, and then from every mirror that is left. */
  async #fetchUntilSound(): Promise<UnpackedLayer | undefined> {
    const { source, reference } = this.#session;
    for (let attempt = 1; ; attempt++) {
      const isFromStart = !existsSync(this.#blob) && !existsSync(this.#partial);
      try {
        return await this.#fetchAndUnpack();
      } catch (error) {
        const isDamaged = await this.#isDamaged(error);
        if (isContentFailure(error)) rmSync(this.#partial, { force: true });
        if (!isDamaged) throw this.#worded(error);
        rmSync(this.#blob, { force: true });
        const hasOtherServer = isFromStart && source.distrust(reference, this.#descriptor);
        if (attempt === MOST_ATTEMPTS || (attempt > 1 && !hasOtherServer)) {
          throw damaged(this.#descriptor, error);
        }
      }
      this.#emit('retrying', 0);
    }
  }

  #worded(error: unknown): unknown {
    return layerError(error, this.#descriptor.digest, this.#session.layout.root);
  }

  /** True when the blob that failed is not what its digest names; false when its very content is bad. */
  async #isDamaged(error: unknown): Promise<boolean> {
    if (!isContentFailure(error)) return false;
    const path = existsSync(this.#partial) ? this.#partial : this.#blob;
    if (statSync(path).size !== this.#descriptor.size) return true;
    return !(await fileMatchesDigest(path, this.#descriptor.digest));
  }

  async #fetchAndUnpack(): Promise<UnpackedLayer | undefined> {
    const isWhole = existsSync(this.#blob);
    const feed = isWhole
      ? BlobFeed.whole(this.#blob, this.#descriptor)
      : BlobFeed.partial(this.#partial, this.#descriptor);
    const isOurs = !isWhole && feed.available === 0;
    const unneeded = new AbortController();
    try {
      const download = this.#download(feed, AbortSignal.any([this.#session.signal, unneeded.signal]));
      download.catch(() => feed.abort());
      const unpack = startLayer(this.#context, feed, this.#position);
      // Without an unpacker nothing would verify the blob.
      unpack.then(
        layer => layer ?? unneeded.abort(),
        () => undefined,
      );
      const [downloaded, unpacked] = await Promise.allSettled([download, unpack]);
      if (unneeded.signal.aborted) {
        // What others brought may be about to be committed by them.
        if (isOurs && (await this.#isStored())) rmSync(this.#partial, { force: true });
        return undefined;
      }
      if (downloaded.status === 'rejected') throw downloaded.reason;
      if (unpacked.status === 'rejected') throw unpacked.reason;
      return unpacked.value;
    } finally {
      feed.close();
    }
  }

  async #download(feed: BlobFeed, signal: AbortSignal): Promise<void> {
    if (feed.isComplete) return;
    const { session, downloads } = this.#context;
    await downloads.use(signal, async () => {
      const call = { ...session.call(signal), offset: feed.available, onConsumed: freeMemory };
      this.#emit('downloading', feed.available);
      for await (const chunk of session.source.fetchBlob(session.reference, this.#descriptor, call)) {
        feed.append(chunk);
        session.bytesFetched += chunk.length;
        this.#emit('downloading', feed.available);
      }
      feed.assertComplete();
    });
  }

  #emit(status: LayerEvent['status'], bytes: number): void {
    const { digest, size } = this.#descriptor;
    if (this.#isFirstOfBlob) this.#session.emit({ type: 'layer', digest, status, bytes, size });
  }

  #emitElsewhere(): void {
    const { digest, size } = this.#descriptor;
    const bytes = statSync(this.#partial, { throwIfNoEntry: false })?.size ?? 0;
    const status = bytes === size ? 'unpacking' : 'waiting';
    if (this.#isFirstOfBlob) {
      this.#session.emit({ type: 'layer', digest, status, bytes, size, elsewhere: true });
    }
  }
}

function damaged({ digest, size }: Descriptor, cause: unknown): TinydError {
  const isSize = (cause as TinydError).code === 'ERR_TINYD_CONTENT_SIZE';
  return new TinydError(
    isSize ? 'ERR_TINYD_CONTENT_SIZE' : 'ERR_TINYD_CONTENT_DIGEST',
    `cannot use layer ${digest}: what was sent is something else, again and again`,
    {
      cause,
      hint: 'the registry or a mirror serves damaged content: try another one, or later',
      details: { digest, size },
    },
  );
}
