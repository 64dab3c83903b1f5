import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { type Descriptor, type Digest, MEDIA_TYPES, parseDigest } from '@tinyd/core';
import { isFull, noSpace } from '../pull/space';
import { systemCode } from '../system-error';
import { inflate } from './compression';
import { ofRootArchive } from './invalid-archive';
import { openTar } from './open-archive';

/** A root file system as the one layer of an image. */
export interface RootBlob {
  readonly descriptor: Descriptor;
  readonly diffId: Digest;
  /** The blob's file. */
  readonly path: string;
}

/** What {@link writeRootBlob} works on. */
export interface RootBlobOptions {
  /** The file to make. */
  readonly path: string;
  /** What messages call the stream. */
  readonly label: string;
  /** Bytes that the file may have. */
  readonly limitBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes a tar archive of a root file system, or the one in a zip or 7z archive, as a layer blob. What images may be compressed by (gzip, zstd) stays as it is;
 * anything else is stored inflated.
 *
 * Fails with ERR_TINYD_ARCHIVE_INVALID, ERR_TINYD_LAYER_COMPRESSION or ERR_TINYD_STORE_SPACE. That it is a tar archive is for
 * the unpacker to find out.
 */
export async function writeRootBlob(
  chunks: AsyncIterable<Uint8Array>,
  { path, label, limitBytes, signal }: RootBlobOptions,
): Promise<RootBlob> {
  const opened = openTar({ chunks, label, signal }, 'root file system');
  const { compression, chunks: stream } = await opened.catch(error => {
    throw ofRootArchive(error);
  });
  const isKept = compression === 'gzip' || compression === 'zstd';
  const file = await open(path, 'wx', 0o600);
  const blob = new HashedFile(file, limitBytes, () => noSpace(path, `cannot store ${label}`, undefined));
  const content = createHash('sha256');
  try {
    const tar = inflate(isKept ? blob.keeping(stream) : stream, compression, label, signal);
    for await (const chunk of isKept ? tar : blob.keeping(tar)) {
      signal?.throwIfAborted();
      content.update(chunk);
    }
  } catch (error) {
    throw isFull(systemCode(error)) ? noSpace(path, `cannot store ${label}`, error) : ofRootArchive(error);
  } finally {
    await file.close();
  }
  const mediaType = {
    gzip: MEDIA_TYPES.ociLayerGzip,
    zstd: MEDIA_TYPES.ociLayerZstd,
    none: MEDIA_TYPES.ociLayer,
  };
  return {
    descriptor: {
      mediaType: mediaType[isKept ? compression : 'none'],
      digest: blob.digest(),
      size: blob.size,
    },
    diffId: parseDigest(`sha256:${content.digest('hex')}`),
    path,
  };
}

/** Writes what passes by. */
class HashedFile {
  size = 0;
  readonly #hash = createHash('sha256');
  readonly #file: FileHandle;
  readonly #limitBytes: number;
  readonly #tooLarge: () => Error;

  constructor(file: FileHandle, limitBytes: number, tooLarge: () => Error) {
    this.#file = file;
    this.#limitBytes = limitBytes;
    this.#tooLarge = tooLarge;
  }

  async *keeping(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      if (this.size + chunk.length > this.#limitBytes) throw this.#tooLarge();
      for (let at = 0; at < chunk.length; ) at += (await this.#file.write(chunk, at)).bytesWritten;
      this.#hash.update(chunk);
      this.size += chunk.length;
      yield chunk;
    }
  }

  digest(): Digest {
    return parseDigest(`sha256:${this.#hash.digest('hex')}`);
  }
}
