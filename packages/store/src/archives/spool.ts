import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { isTinydError, parseDigest } from '@tinyd/core';
import { readTar, type TreeEntry } from '@tinyd/tree';
import { isFull, noSpace } from '../pull/space';
import { messageOf, systemCode } from '../system-error';
import type { ArchiveFile, ArchiveFiles } from './archive-files';
import { invalidArchive, shown } from './invalid-archive';
import { inflatedTar } from './open-archive';

/** An image of 127 layers has some 400 files in the oldest format. */
const MOST_FILES = 50_000;
const LONGEST_NAME = 4096;

/** Where the members of an archive go. */
export interface Spool {
  /** An empty folder of the caller's. */
  readonly folder: string;
  /** What messages call the archive. */
  readonly label: string;
  /** Bytes that the members may have together. */
  readonly limitBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes the files of an archive into a folder, under numbers: no name in the archive becomes a path. See {@link openTar} for
 * what it may be.
 *
 * They have to be at hand before the first can be understood, since the archive's list of contents may come last.
 *
 * Fails with ERR_TINYD_ARCHIVE_INVALID, ERR_TINYD_LAYER_COMPRESSION or ERR_TINYD_STORE_SPACE.
 */
export async function spoolArchive(chunks: AsyncIterable<Uint8Array>, spool: Spool): Promise<ArchiveFiles> {
  const { label, signal } = spool;
  const input = new WatchedStream(await inflatedTar({ chunks, label, signal }, 'files'));
  try {
    return await spoolMembers(input.chunks(), spool);
  } catch (failure) {
    const error = input.failure ?? failure;
    if (systemCode(error) === 'STREAM_DESTROYED') throw invalidArchive(spool.label, 'it ends early', error);
    if (isFull(systemCode(error))) throw noSpace(spool.folder, `cannot store ${spool.label}`, error);
    if (isTinydError(error) && error.code === 'ERR_TINYD_LAYER_INVALID') {
      throw invalidArchive(spool.label, messageOf(error).replace(/^[^:]*: /, ''), error);
    }
    throw error;
  }
}

async function spoolMembers(tar: AsyncIterable<Uint8Array>, spool: Spool): Promise<ArchiveFiles> {
  const { label } = spool;
  const files = new Map<string, ArchiveFile>();
  const links = new Map<string, string>();
  let left = spool.limitBytes;
  for await (const entry of readTar(tar)) {
    spool.signal?.throwIfAborted();
    const name = entry.path.toString();
    if (entry.path.length > LONGEST_NAME) throw invalidArchive(label, `the name ${shown(name)} is too long`);
    if (entry.kind === 'file' || entry.kind === 'symlink') {
      if (files.has(name) || links.has(name)) throw invalidArchive(label, `it has ${shown(name)} twice`);
      if (files.size + links.size === MOST_FILES)
        throw invalidArchive(label, `it has more than ${MOST_FILES} files`);
    }
    if (entry.kind === 'symlink') links.set(name, entry.target?.toString() ?? '');
    if (entry.kind === 'file') {
      left -= entry.size;
      if (left < 0) throw noSpace(spool.folder, `cannot store ${label}`, undefined);
      files.set(name, await writeMember(entry, join(spool.folder, String(files.size)), spool.signal));
    }
  }
  const find = (name: string) => files.get(name);
  const follow = (name: string) => files.get(name) ?? files.get(linkTarget(name, links.get(name)));
  return { label, find, follow };
}

async function writeMember(
  entry: TreeEntry,
  path: string,
  signal: AbortSignal | undefined,
): Promise<ArchiveFile> {
  const hash = createHash('sha256');
  const file = await open(path, 'wx', 0o600);
  try {
    for await (const chunk of entry.content ?? []) {
      signal?.throwIfAborted();
      hash.update(chunk);
      await writeFully(file, chunk);
    }
  } finally {
    await file.close();
  }
  return { path, size: entry.size, sha256: parseDigest(`sha256:${hash.digest('hex')}`) };
}

async function writeFully(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
}

/** The name that a relative link leads to; the empty one, which nothing has, for a link that leads out. */
function linkTarget(name: string, target: string | undefined): string {
  if (target === undefined || target.startsWith('/')) return '';
  const parts = name.split('/').slice(0, -1);
  for (const part of target.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return '';
  }
  return parts.join('/');
}

/** Keeps why a stream failed: whoever reads a member of the archive learns only that the archive was given up. */
class WatchedStream {
  failure: unknown;
  readonly #source: AsyncIterable<Uint8Array>;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source;
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    try {
      yield* this.#source;
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }
}
