import { closeSync, fstatSync, openSync, statSync } from 'node:fs';
import { TinydError } from '@tinyd/core';
import { lock, tryLock } from '@tinyd/native';
import { systemCode } from './atomic-file';
import type { ContainerLayout } from './layout';

/**
 * Runs `body` while nobody else starts, repairs or removes the container; neither does its monitor start it again.
 *
 * Reads take no lock, and neither do kill, stop and wait: they must work while a start is under way.
 * Fails with ERR_TINYD_CONTAINER_NOT_FOUND when the container is removed while this waits.
 */
export async function withContainerLock<T>(paths: ContainerLayout, body: () => Promise<T>): Promise<T> {
  const fd = await acquire(paths);
  try {
    return await body();
  } finally {
    closeSync(fd);
  }
}

async function acquire(paths: ContainerLayout): Promise<number> {
  const fd = open(paths);
  try {
    if (!tryLock(fd, 'exclusive')) await lock(fd, 'exclusive');
    // Whoever held it may have removed the container: then this is the lock of a folder that has no name any more.
    if (fstatSync(fd).ino !== statSync(paths.lock, { throwIfNoEntry: false })?.ino) throw gone(paths.id);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function open(paths: ContainerLayout): number {
  try {
    return openSync(paths.lock, 'r+');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw gone(paths.id);
    throw error;
  }
}

function gone(id: string): TinydError {
  return new TinydError(
    'ERR_TINYD_CONTAINER_NOT_FOUND',
    `cannot find container ${id.slice(0, 12)}: it was removed meanwhile`,
    {
      details: { container: id },
    },
  );
}
