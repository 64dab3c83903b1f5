import { closeSync, openSync } from 'node:fs';
import { syncFileSystem } from '@tinyd/native';

/** Compressed bytes after which the disk is given work: a few hundred milliseconds of it. */
const STEP_BYTES = 32 * 1024 * 1024;

/**
 * Has the disk write while a pull still computes.
 *
 * A commit waits until everything is on disk. Left alone, the kernel begins to write after half a minute, so that all of it would be
 * waited for at the end. Nothing depends on these flushes: one that fails is told by the commit's own.
 */
export class EarlyFlush {
  readonly #folder: string;
  #bytes = 0;
  #isRunning = false;

  /** @param folder on the file system that is to be flushed. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** So many more bytes were unpacked, as they are in the blob: downloads end long before, and are not much of it. */
  add(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < STEP_BYTES || this.#isRunning) return;
    this.#bytes = 0;
    this.#isRunning = true;
    void this.#flush().finally(() => {
      this.#isRunning = false;
    });
  }

  async #flush(): Promise<void> {
    let fd: number | undefined;
    try {
      fd = openSync(this.#folder, 'r');
      await syncFileSystem(fd);
    } catch {
      // The commit's flush will fail as well, and says so.
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
  }
}
