import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

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
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Makes the names in a folder durable (fsync(2) of the folder). */
export function syncFolder(path: string): void {
  const fd = openSync(path, 'r');
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
