import { join } from 'node:path';
import { isTinydError, TinydError } from '@tinyd/core';
import { type Compression, compressionOf, inflate, peek } from './compression';
import { invalidArchive } from './invalid-archive';
import type { Wanted } from './members-program';
import { through } from './program';

/** First bytes of archives that are not tar and that libarchive.js reads: zip (also an empty one), 7z, rar 4 and 5, cpio. */
const MAGICS: readonly (readonly [string, Buffer])[] = [
  ['zip', Buffer.from('PK\x03\x04')],
  ['zip', Buffer.from('PK\x05\x06')],
  ['7z', Buffer.from([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c])],
  ['rar', Buffer.from('Rar!\x1a\x07')],
  ['cpio', Buffer.from('070701')],
  ['cpio', Buffer.from('070702')],
  ['cpio', Buffer.from('070707')],
];

const HINTS = {
  files: 'unpack it into a folder, and give the folder: tinyd load -i FOLDER',
  'root file system': 'make a tar archive of it, which keeps them: bsdtar -cf - @FILE | tinyd import -',
} as const;

/** An archive as it came. */
export interface ArchiveStream {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** What messages call it. */
  readonly label: string;
  readonly signal?: AbortSignal | undefined;
}

/** A tar archive, compressed or not; or what is none, for the reader to find out. */
export interface TarStream {
  readonly compression: Compression;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * Finds the tar archive in what a user gave: a zip, 7z, rar or cpio archive becomes the tar archive that it holds, or one of
 * its files.
 *
 * Fails with ERR_TINYD_ARCHIVE_INVALID.
 *
 * @param wanted files may come from such an archive; a root file system only as one tar archive in it.
 */
export async function openTar({ chunks, label, signal }: ArchiveStream, wanted: Wanted): Promise<TarStream> {
  const given = await peek(chunks);
  if (given.head.length === 0) throw invalidArchive(label, 'it is empty');
  const format = formatOf(given.head);
  if (format === undefined) return { compression: compressionOf(given.head), chunks: given.stream };
  const { head, stream } = await peek(members(format, wanted, { chunks: given.stream, label, signal }));
  return { compression: compressionOf(head), chunks: stream };
}

/**
 * A stream as it is when it is not compressed; gzip, xz, bzip2 and zstd are told by its first bytes.
 *
 * Fails like {@link inflate} while it is read.
 */
export async function* inflated({ chunks, label, signal }: ArchiveStream): AsyncGenerator<Uint8Array> {
  const { head, stream } = await peek(chunks);
  try {
    yield* inflate(stream, compressionOf(head), label, signal);
  } catch (cause) {
    if (!isTinydError(cause) || cause.code !== 'ERR_TINYD_ARCHIVE_INVALID') throw cause;
    throw new TinydError(cause.code, cause.message, { hint: 'give a tar archive, compressed or not', cause });
  }
}

/** {@link openTar}, inflated. */
export async function inflatedTar(
  archive: ArchiveStream,
  wanted: Wanted,
): Promise<AsyncIterable<Uint8Array>> {
  const { chunks, compression } = await openTar(archive, wanted);
  return inflate(chunks, compression, archive.label, archive.signal);
}

function members(
  format: string,
  wanted: Wanted,
  { chunks, label, signal }: ArchiveStream,
): AsyncIterable<Uint8Array> {
  const failed = (complaint: string) =>
    new TinydError('ERR_TINYD_ARCHIVE_INVALID', `cannot read ${label}, a ${format} archive: ${complaint}`, {
      hint: HINTS[wanted],
    });
  return through(
    {
      command: process.execPath,
      words: [join(__dirname, 'members-program.js'), wanted],
      missing: cause => new TinydError('ERR_TINYD_SYSTEM', `cannot run ${process.execPath}`, { cause }),
      failed: complaint => failed(complaint || 'reading it took more memory than there is'),
    },
    chunks,
    signal,
  );
}

function formatOf(head: Uint8Array): string | undefined {
  return MAGICS.find(([, magic]) => magic.equals(head.subarray(0, magic.length)))?.[0];
}
