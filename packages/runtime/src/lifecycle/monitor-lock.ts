import { closeSync, openSync } from 'node:fs';
import { lock, tryLock } from '@tinyd/native';
import { systemCode } from '../atomic-file';
import type { ContainerLayout } from '../layout';

/** Whether a monitor holds its lock: from before the process starts until everything is torn down. */
export function monitorLives(paths: ContainerLayout): boolean {
  const fd = openLock(paths);
  if (fd === undefined) return false;
  try {
    return !tryLock(fd, 'shared');
  } finally {
    closeSync(fd);
  }
}

/**
 * Waits until no monitor of the container is left, so that its state is final.
 *
 * @param timeoutMs undefined: as long as it takes
 * @returns false when the time ran out
 */
export async function waitForMonitor(paths: ContainerLayout, timeoutMs?: number): Promise<boolean> {
  const fd = openLock(paths);
  if (fd === undefined) return true;
  let waiting: Promise<void> | undefined;
  try {
    if (tryLock(fd, 'shared')) return true;
    waiting = lock(fd, 'shared');
    if (timeoutMs === undefined) {
      await waiting;
      return true;
    }
    return await withinTime(waiting, timeoutMs);
  } finally {
    // A thread may still wait on the descriptor: it is closed when that is over.
    if (waiting === undefined) closeSync(fd);
    else
      waiting.then(
        () => closeSync(fd),
        () => closeSync(fd),
      );
  }
}

function withinTime(waiting: Promise<void>, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(false), timeoutMs);
    waiting.then(
      () => {
        clearTimeout(timer);
        resolve(true);
      },
      error => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}

function openLock(paths: ContainerLayout): number | undefined {
  try {
    return openSync(paths.monitorLock, 'r');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
