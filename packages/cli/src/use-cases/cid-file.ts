import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { TinydError } from '@tinyd/core';

/** A file that is to receive a container's ID. */
export interface CidFile {
  write(id: string): void;
  /** Removes the file of a container that did not come to be. */
  discard(): void;
}

/**
 * Makes the file of `--cidfile` before the container, so that two runs cannot share it.
 *
 * Fails with ERR_TINYD_OPTION_INVALID when the file exists or cannot be made.
 */
export function claimCidFile(path: string | undefined): CidFile {
  if (path === undefined || path === '') return { write: () => {}, discard: () => {} };
  const fd = open(path);
  return {
    write: id => {
      writeSync(fd, id);
      closeSync(fd);
    },
    discard: () => {
      closeSync(fd);
      unlinkSync(path);
    },
  };
}

function open(path: string): number {
  try {
    return openSync(path, 'wx', 0o644);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? '';
    const taken = code === 'EEXIST';
    throw new TinydError(
      'ERR_TINYD_OPTION_INVALID',
      `cannot make the container ID file ${path}: ${taken ? 'it exists' : code}`,
      {
        cause,
        ...(taken && { hint: 'another container may own it: remove the file, or give another name' }),
      },
    );
  }
}
