import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { TinydError } from '@tinyd/core';
import { systemCode } from '../system-error';
import { invalidArchive } from './invalid-archive';
import { through } from './program';

/** How a stream is compressed, as its first bytes tell. */
export type Compression = 'none' | 'gzip' | 'zstd' | 'xz' | 'bzip2';

/** First bytes of each format: RFC 1952, RFC 8878, the xz file format, bzip2. */
const MAGICS: readonly (readonly [Compression, Buffer])[] = [
  ['gzip', Buffer.from([0x1f, 0x8b])],
  ['zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd])],
  ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])],
  ['bzip2', Buffer.from('BZh')],
];
export const MAGIC_BYTES = 6;

/** Programs for what node cannot inflate, and the packages that they come in. xz is kept from asking for gigabytes. */
const PROGRAMS = {
  zstd: { words: ['-q', '-d', '-c'], from: 'zstd' },
  xz: { words: ['-q', '-d', '-c', '--memlimit-decompress=512MiB'], from: 'xz-utils' },
  bzip2: { words: ['-q', '-d', '-c'], from: 'bzip2' },
} as const;

/** @param head the first {@link MAGIC_BYTES} of the stream, fewer if it has no more. */
export function compressionOf(head: Uint8Array): Compression {
  const match = MAGICS.find(([, magic]) => magic.equals(head.subarray(0, magic.length)));
  return match?.[0] ?? 'none';
}

/** The first bytes of a stream, and a stream that still begins with them. */
export async function peek(
  chunks: AsyncIterable<Uint8Array>,
): Promise<{ readonly head: Buffer; readonly stream: AsyncIterable<Uint8Array> }> {
  const iterator = chunks[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (head.length < MAGIC_BYTES) {
    const { done, value } = await iterator.next();
    if (done) break;
    head = Buffer.concat([head, value]);
  }
  const rest = { [Symbol.asyncIterator]: () => iterator };
  return { head, stream: joined(head, rest) };
}

/**
 * Inflates a stream.
 *
 * zstd, xz and bzip2 are inflated by the host's programs. Fails with ERR_TINYD_LAYER_COMPRESSION where
 * the program is missing, and with ERR_TINYD_ARCHIVE_INVALID for damaged input.
 *
 * @param label what messages call the stream.
 */
export function inflate(
  chunks: AsyncIterable<Uint8Array>,
  compression: Compression,
  label: string,
  signal?: AbortSignal,
): AsyncIterable<Uint8Array> {
  if (compression === 'none') return chunks;
  if (compression === 'gzip') return gunzip(chunks, label);
  return inflateBy(compression, chunks, label, signal);
}

async function* joined(head: Buffer, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (head.length > 0) yield head;
  yield* rest;
}

async function* gunzip(chunks: AsyncIterable<Uint8Array>, label: string): AsyncGenerator<Uint8Array> {
  const output = createGunzip();
  pipeline(Readable.from(chunks, { objectMode: false }), output, () => {});
  try {
    yield* output as AsyncIterable<Buffer>;
  } catch (error) {
    if (systemCode(error)?.startsWith('Z_')) throw invalidArchive(label, 'it is damaged gzip', error);
    throw error;
  }
}

function inflateBy(
  command: keyof typeof PROGRAMS,
  chunks: AsyncIterable<Uint8Array>,
  label: string,
  signal: AbortSignal | undefined,
): AsyncIterable<Uint8Array> {
  const { words, from } = PROGRAMS[command];
  const missing = (cause: unknown) =>
    new TinydError('ERR_TINYD_LAYER_COMPRESSION', `cannot read ${label}: the program ${command} is missing`, {
      hint: `install the package ${from}, or compress the archive with gzip`,
      cause,
    });
  const failed = (complaint: string) =>
    invalidArchive(label, `${command} says: ${complaint || 'it is damaged'}`);
  return through({ command, words, missing, failed }, chunks, signal);
}
