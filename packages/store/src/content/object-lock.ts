import { closeSync, fstatSync, openSync, statSync, unlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LockMode, tryLock } from '@tinyd/native';

/** A flock(2) on a file of `locks/`, held until it is released or the process ends. */
export interface ObjectLock {
  release(): void;
}

/** How a lock is waited for. */
export interface LockOptions {
  readonly mode?: LockMode;
  readonly signal?: AbortSignal;
  /** Called again and again while somebody else holds the lock. */
  readonly onWait?: () => void;
  /** The lock file outlives its holders. Otherwise the holder removes it, since there is one per object. */
  readonly permanent?: boolean;
}

const FIRST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 100;

/**
 * Takes a lock, waiting for it as long as it takes.
 *
 * Polls: a blocking flock would occupy one of the four worker threads that name resolution and file operations of the
 * lock's very holder may need.
 */
export async function acquireLock(path: string, options: LockOptions = {}): Promise<ObjectLock> {
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    options.signal?.throwIfAborted();
    const lock = tryAcquireLock(path, options);
    if (lock !== undefined) return lock;
    options.onWait?.();
    await sleep(waitMs, undefined, options.signal && { signal: options.signal });
  }
}

/** Takes a lock if nobody holds it. */
export function tryAcquireLock(path: string, options: LockOptions = {}): ObjectLock | undefined {
  for (;;) {
    const fd = openSync(path, 'a', 0o600);
    try {
      if (!tryLock(fd, options.mode ?? 'exclusive')) {
        closeSync(fd);
        return undefined;
      }
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    if (options.permanent) return { release: () => closeSync(fd) };
    if (isStillAt(fd, path)) return { release: () => removeAndClose(fd, path) };
    // Its last holder removed the file between our open and our flock: what we locked is no longer the lock.
    closeSync(fd);
  }
}

function isStillAt(fd: number, path: string): boolean {
  const here = statSync(path, { throwIfNoEntry: false });
  return here !== undefined && here.ino === fstatSync(fd).ino;
}

function removeAndClose(fd: number, path: string): void {
  try {
    unlinkSync(path);
  } finally {
    closeSync(fd);
  }
}
