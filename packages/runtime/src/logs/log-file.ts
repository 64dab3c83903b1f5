import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { systemCode } from '../atomic-file';

const CHUNK_BYTES = 64 * 1024;
const LINE_BREAK = 0x0a;

/** An open file of a rotated log, and how far it has been read. */
export class LogFile {
  readonly #fd: number;
  readonly inode: number;
  #offset = 0;
  #rest: Buffer = Buffer.alloc(0);

  private constructor(fd: number) {
    this.#fd = fd;
    this.inode = fstatSync(fd).ino;
  }

  /** Opens a log file; undefined when it is not there. */
  static open(path: string): LogFile | undefined {
    try {
      return new LogFile(openSync(path, 'r'));
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  /** Complete lines that were not read yet, at most one chunk's; empty at the end of the file. */
  readLines(): string[] {
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const length = readSync(this.#fd, chunk, 0, chunk.length, this.#offset);
      if (length === 0) return [];
      this.#offset += length;
      const bytes =
        this.#rest.length === 0
          ? chunk.subarray(0, length)
          : Buffer.concat([this.#rest, chunk.subarray(0, length)]);
      const end = bytes.lastIndexOf(LINE_BREAK);
      // A line that the monitor is still writing stays for the next call.
      this.#rest = bytes.subarray(end + 1);
      if (end !== -1) return bytes.subarray(0, end).toString('utf8').split('\n');
    }
  }

  /**
   * Moves to the beginning of the last `count` lines, reading backwards from the end.
   *
   * @returns how many lines there are, at most `count`.
   */
  seekToLast(count: number): number {
    let position = fstatSync(this.#fd).size;
    let breaks = 0;
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    while (position > 0) {
      const start = Math.max(0, position - CHUNK_BYTES);
      const length = readSync(this.#fd, chunk, 0, position - start, start);
      for (let index = length - 1; index >= 0; index--) {
        if (chunk[index] !== LINE_BREAK) continue;
        // The break before the first wanted line is one more than there are lines.
        if (breaks === count) {
          this.#offset = start + index + 1;
          return count;
        }
        breaks++;
      }
      position = start;
    }
    this.#offset = 0;
    return breaks;
  }
}

/** Path of the nth older file: `log`, `log.1`, `log.2`. */
function rotatedPath(path: string, age: number): string {
  return age === 0 ? path : `${path}.${age}`;
}

/**
 * Opens all files of a log, oldest first.
 *
 * The newest is opened first: when the monitor rotates meanwhile, an inode is seen twice, and the second sight is dropped.
 */
export function openLogFiles(path: string): LogFile[] {
  const files: LogFile[] = [];
  for (let age = 0; ; age++) {
    const file = LogFile.open(rotatedPath(path, age));
    if (file === undefined) {
      if (age === 0) continue;
      return files.reverse();
    }
    if (files.some(seen => seen.inode === file.inode)) file.close();
    else files.push(file);
  }
}

/** Opens the file that follows `current` in time; undefined when `current` is still the newest. */
export function openNext(path: string, current: LogFile): LogFile | undefined {
  let age = 0;
  let oldest = -1;
  for (; ; age++) {
    const inode = inodeOf(rotatedPath(path, age));
    if (inode === undefined && age > 0) break;
    if (inode === current.inode) return age === 0 ? undefined : LogFile.open(rotatedPath(path, age - 1));
    if (inode !== undefined) oldest = age;
  }
  // It was rotated out of existence: the oldest one left comes next.
  return oldest === -1 ? undefined : LogFile.open(rotatedPath(path, oldest));
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}
