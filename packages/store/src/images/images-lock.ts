import { existsSync } from 'node:fs';
import type { LockMode } from '@tinyd/native';
import { acquireLock } from '../content/object-lock';
import { imagesLockPath, type StoreLayout } from '../layout';

/**
 * Keeps those who make something of an image (shared) apart from those who remove images (exclusive), in all processes.
 *
 * An action must not take the lock again: it would wait for itself.
 */
export async function withImagesLock<T>(
  layout: StoreLayout,
  mode: LockMode,
  action: () => T | Promise<T>,
): Promise<T> {
  // Where there is no store there is nothing to protect.
  if (!existsSync(layout.locks)) return action();
  const lock = await acquireLock(imagesLockPath(layout), { mode, permanent: true });
  try {
    return await action();
  } finally {
    lock.release();
  }
}
