import { closeSync, constants, fstatSync, openSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { lockNow, tryLock } from '@tinyd/native';
import { systemCode } from '../atomic-file';
import type { VolumeLayout } from './volume-layout';

/** A copy of an image's content may hold a lock for seconds; then nobody waits in small steps any more. */
const SHORTEST_WAIT_MS = 2;
const LONGEST_WAIT_MS = 50;

/**
 * Locks a volume against being removed, filled or mounted by a new container meanwhile.
 *
 * Waits without a thread: a holder that needs one of libuv's must get it. Several volumes are locked in the order of
 * their names.
 *
 * @returns a descriptor whose closing unlocks; undefined when there is no such volume
 */
export async function lockVolume(volume: VolumeLayout): Promise<number | undefined> {
  for (;;) {
    const fd = open(volume.dir);
    if (fd === undefined) return undefined;
    try {
      for (
        let wait = SHORTEST_WAIT_MS;
        !tryLock(fd, 'exclusive');
        wait = Math.min(wait * 2, LONGEST_WAIT_MS)
      ) {
        await sleep(wait);
      }
      // Whoever held it may have removed the volume.
      if (fstatSync(fd).ino === statSync(volume.dir, { throwIfNoEntry: false })?.ino) return fd;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    closeSync(fd);
  }
}

/** Runs `body` while volumes are made, or halves collected, by nobody else. Milliseconds only. */
export function withVolumesFolder<T>(folder: string, body: () => T): T {
  const fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    lockNow(fd, 'exclusive');
    return body();
  } finally {
    closeSync(fd);
  }
}

function open(dir: string): number | undefined {
  try {
    return openSync(dir, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
