import { existsSync, rmSync, statSync } from 'node:fs';
import { type Descriptor, type Digest, TinydError } from '@tinyd/core';
import { acquireLock } from '../content/object-lock';
import { fileMatchesDigest } from '../content/verify';
import type { Committable } from '../layers/commit';
import { blobLockPath, blobPath, partialPath } from '../layout';
import { BlobFeed } from './blob-feed';
import { isContentFailure, layerError } from './engine-error';
import type { LayerEvent } from './events';
import { type LayerPullContext, unpackLayer } from './layer-unpack';
import type { PullSession } from './session';

/** Bounds the attempts where many mirrors serve damaged content. */
const MOST_ATTEMPTS = 5;

/**
 * Brings one blob and the layers made of it into the store: downloaded, followed by the unpacker as it grows, verified
 * and committed. A manifest may use one blob for several layers.
 */
export class LayerPull {
  readonly #context: LayerPullContext;
  readonly #session: PullSession;
  readonly #descriptor: Descriptor;
  readonly #positions: readonly number[];
  readonly #blob: string;
  readonly #partial: string;

  constructor(context: LayerPullContext, descriptor: Descriptor, positions: readonly number[]) {
    this.#context = context;
    this.#session = context.session;
    this.#descriptor = descriptor;
    this.#positions = positions;
    this.#blob = blobPath(this.#session.layout, descriptor.digest);
    this.#partial = partialPath(this.#session.layout, descriptor.digest);
  }

  /** @returns false when there was nothing to do. */
  async run(): Promise<boolean> {
    // With the blob at hand there is nothing to do before the config tells what to make of it.
    const canWait = existsSync(this.#blob) || this.#context.isStackKnown;
    if (canWait && (await this.#isDone())) return this.#exists();
    this.#emit('waiting', 0);
    const lock = await acquireLock(blobLockPath(this.#session.layout, this.#descriptor.digest), {
      signal: this.#session.signal,
      onWait: () => this.#emitElsewhere(),
    });
    try {
      return await this.#runLocked();
    } finally {
      lock.release();
    }
  }

  #exists(): false {
    this.#emit('exists', this.#descriptor.size);
    return false;
  }

  async #runLocked(): Promise<boolean> {
    if (existsSync(this.#blob) && (await this.#isDone())) return this.#exists();
    await this.#context.group.enter();
    let isCountedIn = true;
    try {
      const item = await this.#fetchUntilSound();
      isCountedIn = false;
      await this.#context.group.finish(item);
      if (item.layers.length === 0) return this.#exists();
      this.#emit('done', this.#descriptor.size);
      return true;
    } finally {
      if (isCountedIn) this.#context.group.leave();
    }
  }

  /** True when every layer made of this blob is in the store. */
  async #isDone(): Promise<boolean> {
    const stack = await this.#context.stack;
    return this.#positions.every(position => stack.isStored(position));
  }

  /** What turns out to be damaged is fetched once more from the start, and then from every mirror that is left. */
  async #fetchUntilSound(): Promise<Committable> {
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
        if (attempt === MOST_ATTEMPTS || (attempt > 1 && !hasOtherServer))
          throw damaged(this.#descriptor, error);
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

  async #fetchAndUnpack(): Promise<Committable> {
    const isWhole = existsSync(this.#blob);
    const feed = isWhole
      ? BlobFeed.whole(this.#blob, this.#descriptor)
      : BlobFeed.partial(this.#partial, this.#descriptor);
    const unneeded = new AbortController();
    try {
      const download = this.#download(feed, AbortSignal.any([this.#session.signal, unneeded.signal]));
      download.catch(() => feed.abort());
      const unpack = this.#unpackAll(feed, unneeded);
      const [downloaded, unpacked] = await Promise.allSettled([download, unpack]);
      if (unneeded.signal.aborted) {
        if (!isWhole) rmSync(this.#partial, { force: true });
        return { layers: [] };
      }
      if (downloaded.status === 'rejected') throw downloaded.reason;
      if (unpacked.status === 'rejected') throw unpacked.reason;
      return { ...(!isWhole && { blob: this.#descriptor.digest }), layers: unpacked.value };
    } finally {
      feed.close();
    }
  }

  async #download(feed: BlobFeed, signal: AbortSignal): Promise<void> {
    if (feed.isComplete) return;
    const { session, downloads } = this.#context;
    await downloads.use(signal, async () => {
      const call = { ...session.call(signal), offset: feed.available };
      this.#emit('downloading', feed.available);
      for await (const chunk of session.source.fetchBlob(session.reference, this.#descriptor, call)) {
        feed.append(chunk);
        session.bytesFetched += chunk.length;
        this.#emit('downloading', feed.available);
      }
      feed.assertComplete();
    });
  }

  /** @param unneeded is told when the config shows that all layers made of this blob are in the store. */
  async #unpackAll(feed: BlobFeed, unneeded: AbortController): Promise<Committable['layers']> {
    const stack = await this.#context.stack;
    const layers: { chainId: Digest; folder: string }[] = [];
    for (const position of this.#positions) {
      if (stack.isStored(position)) continue;
      const folder = await unpackLayer(this.#context, feed, stack, position);
      layers.push({ chainId: stack.at(position).chainId, folder });
    }
    // Nothing has verified the blob then.
    if (layers.length === 0) unneeded.abort();
    return layers;
  }

  #emit(status: LayerEvent['status'], bytes: number): void {
    const { digest, size } = this.#descriptor;
    this.#session.emit({ type: 'layer', digest, status, bytes, size });
  }

  #emitElsewhere(): void {
    const { digest, size } = this.#descriptor;
    const partial = statSync(this.#partial, { throwIfNoEntry: false });
    const bytes = partial?.size ?? 0;
    const status = bytes === size ? 'unpacking' : 'waiting';
    this.#session.emit({ type: 'layer', digest, status, bytes, size, elsewhere: true });
  }
}

function damaged({ digest, size }: Descriptor, cause: unknown): TinydError {
  const code =
    (cause as TinydError).code === 'ERR_TINYD_CONTENT_SIZE'
      ? 'ERR_TINYD_CONTENT_SIZE'
      : 'ERR_TINYD_CONTENT_DIGEST';
  return new TinydError(
    code,
    `cannot use layer ${digest}: what was sent is something else, again and again`,
    {
      cause,
      hint: 'the registry or a mirror serves damaged content: try another one, or later',
      details: { digest, size },
    },
  );
}
