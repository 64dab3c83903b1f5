import { closeSync, constants, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { type Descriptor, TinydError } from '@tinyd/core';
import type { LayerUnpack, UnpackResult } from '@tinyd/native';

/** Unpackers are told of so many new bytes at a time: waking a thread for every chunk costs more than writing it. */
const STEP_BYTES = 256 * 1024;

/**
 * A blob file that may still grow, and the unpackers that follow it.
 *
 * What an earlier process left in a partial file counts as arrived: the unpacker hashes it from the start.
 */
export class BlobFeed {
  readonly fd: number;
  readonly descriptor: Descriptor;
  /** Bytes that are there to read. */
  available: number;
  readonly #followers = new Set<LayerUnpack>();
  #isAborted = false;
  #announced = 0;

  private constructor(fd: number, descriptor: Descriptor) {
    this.fd = fd;
    this.descriptor = descriptor;
    this.available = fstatSync(fd).size;
  }

  /** Opens a blob that is there as a whole. */
  static whole(path: string, descriptor: Descriptor): BlobFeed {
    return new BlobFeed(openSync(path, 'r'), descriptor);
  }

  /** Opens a partial download, new or continued. The blob's lock must be held. */
  static partial(path: string, descriptor: Descriptor): BlobFeed {
    const { O_RDWR, O_CREAT, O_APPEND } = constants;
    const feed = new BlobFeed(openSync(path, O_RDWR | O_CREAT | O_APPEND, 0o600), descriptor);
    if (feed.available > descriptor.size) {
      ftruncateSync(feed.fd, 0);
      feed.available = 0;
    }
    return feed;
  }

  get isComplete(): boolean {
    return this.available === this.descriptor.size;
  }

  /**
   * Adds bytes that arrived.
   *
   * Writes synchronously: a chunk goes to the page cache in some ten microseconds, less than a hop to a worker thread.
   *
   * Fails with ERR_TINYD_CONTENT_SIZE on more bytes than announced, without writing them.
   */
  append(chunk: Uint8Array): void {
    if (this.available + chunk.length > this.descriptor.size)
      throw wrongSize(this.descriptor, 'more came than');
    for (let written = 0; written < chunk.length; ) {
      written += writeSync(this.fd, chunk, written, chunk.length - written);
    }
    this.available += chunk.length;
    if (this.available - this.#announced >= STEP_BYTES || this.isComplete) this.#announce();
  }

  #announce(): void {
    this.#announced = this.available;
    for (const follower of this.#followers) follower.advance(this.available);
  }

  /** Fails with ERR_TINYD_CONTENT_SIZE when the download ended early. */
  assertComplete(): void {
    if (!this.isComplete) throw wrongSize(this.descriptor, `only ${this.available} came of`);
  }

  /** Lets an unpacker follow the file until its result is there. */
  async follow(unpack: LayerUnpack): Promise<UnpackResult> {
    this.#followers.add(unpack);
    if (this.#isAborted) unpack.abort();
    else unpack.advance(this.available);
    try {
      return await unpack.result;
    } finally {
      this.#followers.delete(unpack);
    }
  }

  /** No more bytes will come: whoever follows gives up. */
  abort(): void {
    this.#isAborted = true;
    for (const follower of this.#followers) follower.abort();
  }

  close(): void {
    closeSync(this.fd);
  }
}

function wrongSize({ digest, size }: Descriptor, actual: string): TinydError {
  return new TinydError(
    'ERR_TINYD_CONTENT_SIZE',
    `cannot use layer ${digest}: ${actual} the ${size} bytes announced`,
    {
      hint: 'the registry or a mirror serves damaged content: try another one, or later',
      details: { digest, size },
    },
  );
}
