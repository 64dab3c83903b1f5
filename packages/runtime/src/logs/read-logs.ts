import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';
import { type LogEntry, parseLogLine, timeToNanoseconds } from './entry';
import { LogFile, openLogFiles, openNext } from './log-file';

/** What part of a log is wanted. */
export interface LogOptions {
  /** The last lines only; undefined: all. */
  readonly tail?: number;
  /** Nanoseconds since the epoch. */
  readonly sinceNs?: bigint;
  readonly untilNs?: bigint;
  /** Goes on until the container ends or `signal` is aborted. */
  readonly follow?: boolean;
  readonly signal?: AbortSignal;
}

/** How long a follower sleeps at most: a monitor that was killed changes no file. */
const LONGEST_WAIT_MS = 500;

/**
 * Reads a rotated json-file log, oldest line first.
 *
 * A follower is told apart from a rotation by the files' inodes: the old file is read to its end before the next one
 * is begun. It ends when `isRunning` says that the container does not run, after everything it wrote.
 */
export async function* readLogs(
  path: string,
  options: LogOptions,
  isRunning: () => boolean,
): AsyncGenerator<LogEntry> {
  const files = openLogFiles(path);
  try {
    if (options.tail !== undefined) skipToTail(files, options.tail);
    yield* filtered(entries(path, files, options, isRunning), options);
  } finally {
    for (const file of files) file.close();
  }
}

/** Files before the tail are read to their end, as it were. */
function skipToTail(files: LogFile[], tail: number): void {
  let missing = tail;
  for (let index = files.length - 1; index >= 0; index--) {
    const file = files[index];
    if (file === undefined) continue;
    if (missing === 0 && index < files.length - 1) {
      for (const older of files.splice(0, index + 1)) older.close();
      return;
    }
    missing -= file.seekToLast(missing);
  }
}

async function* entries(
  path: string,
  files: LogFile[],
  options: LogOptions,
  isRunning: () => boolean,
): AsyncGenerator<LogEntry> {
  for (const file of files) yield* drain(file);
  if (options.follow !== true) return;
  const changes = new Changes(dirname(path), options.signal);
  try {
    for (;;) {
      // Asked before reading: what is written until the answer is no is read below.
      const running = isRunning() && options.signal?.aborted !== true;
      let current = files.at(-1);
      if (current === undefined) {
        current = LogFile.open(path);
        if (current !== undefined) files.push(current);
      }
      if (current !== undefined) yield* drain(current);
      const next = current === undefined ? undefined : openNext(path, current);
      if (next !== undefined) {
        // Lines may have come between the draining and the rotation.
        if (current !== undefined) yield* drain(current);
        files.push(next);
        files.shift()?.close();
        continue;
      }
      if (!running) return;
      if (options.untilNs !== undefined && BigInt(Date.now()) * 1_000_000n > options.untilNs) return;
      await changes.next();
    }
  } finally {
    changes.close();
  }
}

function* drain(file: LogFile): Generator<LogEntry> {
  for (let lines = file.readLines(); lines.length > 0; lines = file.readLines()) {
    for (const line of lines) {
      const entry = parseLogLine(line);
      if (entry !== undefined) yield entry;
    }
  }
}

async function* filtered(
  source: AsyncGenerator<LogEntry>,
  { sinceNs, untilNs }: LogOptions,
): AsyncGenerator<LogEntry> {
  for await (const entry of source) {
    if (sinceNs !== undefined || untilNs !== undefined) {
      const time = timeToNanoseconds(entry.time);
      if (time !== undefined && sinceNs !== undefined && time < sinceNs) continue;
      if (time !== undefined && untilNs !== undefined && time > untilNs) return;
    }
    yield entry;
  }
}

/** Wakes a follower when anything in the container's folder changes. */
class Changes {
  readonly #watcher: FSWatcher | undefined;
  #changed = false;
  #wake: () => void = () => undefined;

  constructor(folder: string, signal: AbortSignal | undefined) {
    const notify = () => {
      this.#changed = true;
      this.#wake();
    };
    signal?.addEventListener('abort', notify, { once: true });
    try {
      this.#watcher = watch(folder, notify);
      this.#watcher.on('error', notify);
    } catch {
      // Out of inotify watches, or the folder is gone: the timer alone wakes the follower.
      this.#watcher = undefined;
    }
  }

  async next(): Promise<void> {
    if (!this.#changed) {
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, LONGEST_WAIT_MS);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#changed = false;
  }

  close(): void {
    this.#watcher?.close();
  }
}
