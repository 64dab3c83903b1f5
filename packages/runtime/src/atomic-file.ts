import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { isDiskFull } from '@tinyd/core';

/**
 * Replaces a file as a whole and for good: a reader, or the next boot, sees the old content or the new one.
 *
 * The temporary name is fixed per process, so that a killed writer leaves at most one file, inside the same folder.
 */
export function replaceFile(path: string, content: string | Uint8Array, mode = 0o600): void {
  replace(path, content, mode, fsyncSync);
  syncFolder(dirname(path));
}

/**
 * The same for readers alone: what a power cut leaves of it is not known. For what the next start writes anew, since
 * flushing costs more than all the rest of a start.
 */
export function replaceUnflushed(path: string, content: string | Uint8Array, mode = 0o600): void {
  replace(path, content, mode, () => undefined);
}

/**
 * The same for what has to be noted on a full disk as well: where there is no room for a new file, the old one is written
 * over, for which it has its room.
 */
export function replaceEvenIfFull(path: string, content: string): void {
  try {
    replaceFile(path, content);
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    const fd = openSync(path, 'r+');
    try {
      ftruncateSync(fd, writeSync(fd, content, 0));
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  }
}

/** Writes a file that nobody reads yet; `durable`: it outlives a power cut once its folder is flushed. */
export function writeUnread(path: string, text: string, durable: boolean): void {
  writeFileSync(path, text, { mode: 0o600 });
  if (durable) sync(path, 'r+');
}

/** A file's text; undefined where there is none, or no folder to hold it. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** Removes a file, if it is there. rmSync() would load all that a tree takes. */
export function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}

function replace(
  path: string,
  content: string | Uint8Array,
  mode: number,
  flush: (fd: number) => void,
): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const fd = openSync(temporary, 'w', mode);
    try {
      writeFileSync(fd, content);
      flush(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    removeFile(temporary);
    // A write to a descriptor does not know what it was for.
    throw systemCode(error) === undefined ? error : Object.assign(error as Error, { path });
  }
}

/** Makes the names in a folder durable (fsync(2) of the folder). */
export function syncFolder(path: string): void {
  sync(path, 'r');
}

function sync(path: string, flags: string): void {
  const fd = openSync(path, flags);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The code of a system error ('ENOENT'), undefined for anything else. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}
