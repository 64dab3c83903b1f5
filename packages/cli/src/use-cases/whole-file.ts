import { closeSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { systemFailureText, TinydError } from '@tinyd/core';

/**
 * Writes a file that is there as a whole or not at all: under a name of its own first. What is no regular file (a pipe, a device)
 * is written to directly. Fails with ERR_TINYD_SYSTEM, or with what `fill` throws.
 */
export async function writeWholeFile(
  path: string,
  fill: (write: (chunk: Uint8Array) => void) => Promise<void>,
): Promise<void> {
  const isDirect = statSync(path, { throwIfNoEntry: false })?.isFile() === false;
  const temporary = isDirect ? path : `${path}.${process.pid}.tmp`;
  let fd: number;
  try {
    fd = openSync(temporary, isDirect ? 'w' : 'wx', 0o600);
  } catch (error) {
    throw unwritable(path, error);
  }
  try {
    await fill(chunk => writeFully(fd, chunk, path));
    if (!isDirect) renameSync(temporary, path);
  } catch (error) {
    if (!isDirect) rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
}

function writeFully(fd: number, chunk: Uint8Array, path: string): void {
  try {
    for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at);
  } catch (error) {
    throw unwritable(path, error);
  }
}

function unwritable(path: string, cause: unknown): TinydError {
  return new TinydError('ERR_TINYD_SYSTEM', `cannot write ${path}: ${systemFailureText(cause)}`, {
    hint: 'check the folder and the space on its disk',
    details: { path },
    cause,
  });
}
