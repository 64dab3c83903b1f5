import { sys } from './sys';

/** How a lock is held: by many readers at once, or by one writer. */
export type LockMode = 'shared' | 'exclusive';

/** Takes a flock(2) without waiting; false when somebody else holds it. */
export function tryLock(fd: number, mode: LockMode): boolean {
  return sys().flock(fd, mode, false);
}

/** Takes a flock(2), blocking the thread. For locks that are held for milliseconds only. */
export function lockNow(fd: number, mode: LockMode): void {
  sys().flock(fd, mode, true);
}

/** Takes a flock(2), waiting on a worker thread. */
export function lock(fd: number, mode: LockMode): Promise<void> {
  return sys().flockAsync(fd, mode);
}

/** Releases a flock(2). Closing the descriptor does the same. */
export function unlock(fd: number): void {
  sys().flock(fd, 'unlock', false);
}
