import { AsyncLocalStorage } from 'node:async_hooks';
import { existsSync } from 'node:fs';
import { TinydError } from '@tinyd/core';
import type { LockMode } from '@tinyd/native';
import { acquireLock } from '../content/object-lock';
import { imagesLockPath, type StoreLayout } from '../layout';

/**
 * Keeps those who make something of an image (shared) apart from those who remove images (exclusive), in all processes.
 *
 * Work that already holds the lock may take it again.
 */
export class ImagesLock {
  readonly #layout: StoreLayout;
  readonly #held = new AsyncLocalStorage<LockMode>();

  constructor(layout: StoreLayout) {
    this.#layout = layout;
  }

  async run<T>(mode: LockMode, action: () => T | Promise<T>): Promise<T> {
    const held = this.#held.getStore();
    if (held === 'exclusive' || held === mode) return action();
    if (held === 'shared') {
      throw new TinydError('ERR_TINYD_INTERNAL', 'cannot remove images while making something of one');
    }
    // Where there is no store there is nothing to protect.
    if (!existsSync(this.#layout.locks)) return action();
    const lock = await acquireLock(imagesLockPath(this.#layout), { mode, permanent: true });
    try {
      return await this.#held.run(mode, action);
    } finally {
      lock.release();
    }
  }
}
