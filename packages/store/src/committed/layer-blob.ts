import { createHash } from 'node:crypto';
import { createWriteStream, statSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { type Descriptor, type Digest, MEDIA_TYPES, parseDigest } from '@tinyd/core';
import { packTree, type TreeEntry } from '@tinyd/tree';
import { isFull, noSpace } from '../pull/space';
import { systemCode } from '../system-error';

/** A new layer, as a file. */
export interface LayerBlob {
  readonly descriptor: Descriptor;
  readonly diffId: Digest;
  readonly path: string;
}

/** Always the same, so that the same archive becomes the same blob. node writes no time and no name into the header. */
const GZIP = { level: 6 };

/** Writes a layer archive, compressed, to a new file. Fails with ERR_TINYD_STORE_SPACE. */
export async function writeLayerBlob(
  entries: AsyncIterable<TreeEntry>,
  path: string,
  signal: AbortSignal | undefined,
): Promise<LayerBlob> {
  const [content, blob] = [createHash('sha256'), createHash('sha256')];
  try {
    await pipeline(
      packTree(entries),
      hashing(content),
      createGzip(GZIP),
      hashing(blob),
      createWriteStream(path, { flags: 'wx', mode: 0o600 }),
      ...(signal === undefined ? [] : [{ signal }]),
    );
  } catch (error) {
    signal?.throwIfAborted();
    throw isFull(systemCode(error)) ? noSpace(path, 'cannot store the new layer', error) : error;
  }
  const digest = parseDigest(`sha256:${blob.digest('hex')}`);
  return {
    descriptor: { mediaType: MEDIA_TYPES.ociLayerGzip, digest, size: statSync(path).size },
    diffId: parseDigest(`sha256:${content.digest('hex')}`),
    path,
  };
}

function hashing(hash: ReturnType<typeof createHash>) {
  return async function* pass(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      hash.update(chunk);
      yield chunk;
    }
  };
}
