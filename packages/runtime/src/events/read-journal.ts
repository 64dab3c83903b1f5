import {
  closeSync,
  type FSWatcher,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
  watch,
} from 'node:fs';
import { dirname } from 'node:path';
import { systemCode } from '../atomic-file';
import type { RuntimeFolders } from '../layout';
import type { EventDocument } from './event';
import { journalPath, previousJournalPath } from './journal';

/** Which events are wanted. */
export interface EventOptions {
  /** Nanoseconds since the epoch. Absent: only what happens from now on. */
  readonly sinceNs?: bigint;
  /** Ends then. Absent: never, but for `signal`. */
  readonly untilNs?: bigint;
  readonly signal?: AbortSignal;
}

const PIECE_BYTES = 64 * 1024;
/** How long a follower sleeps at most. */
const LONGEST_WAIT_MS = 1000;

/** Reads the events that were recorded, oldest first, and those to come. */
export async function* readEvents(
  folders: Pick<RuntimeFolders, 'state'>,
  options: EventOptions,
): AsyncGenerator<EventDocument> {
  const since = options.sinceNs ?? BigInt(Date.now()) * 1_000_000n;
  for await (const event of documents(folders, options)) {
    if (options.untilNs !== undefined && event.timeNano > options.untilNs) continue;
    if (event.timeNano >= since) yield event;
  }
}

async function* documents(
  folders: Pick<RuntimeFolders, 'state'>,
  { untilNs, sinceNs, signal }: EventOptions,
): AsyncGenerator<EventDocument> {
  const path = journalPath(folders);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const changes = new Changes(dirname(path), signal);
  // First: while the one before is read, this one may become it.
  let file = JournalFile.open(path);
  try {
    if (sinceNs !== undefined) yield* previousEvents(folders, file);
    for (;;) {
      // Asked before reading: what was written until then is read below.
      const left =
        untilNs === undefined ? undefined : Number(untilNs - BigInt(Date.now()) * 1_000_000n) / 1e6;
      const over = signal?.aborted === true || (left !== undefined && left < 0);
      file ??= JournalFile.open(path);
      if (file !== undefined) yield* file.events();
      if (file?.isAt(path) === false) {
        // Full: nobody writes to it since it was renamed.
        yield* file.events();
        file.close();
        file = JournalFile.open(path);
        continue;
      }
      if (over) return;
      await changes.next(Math.min(left ?? LONGEST_WAIT_MS, LONGEST_WAIT_MS));
    }
  } finally {
    file?.close();
    changes.close();
  }
}

function* previousEvents(
  folders: Pick<RuntimeFolders, 'state'>,
  current: JournalFile | undefined,
): Generator<EventDocument> {
  const path = previousJournalPath(folders);
  const previous = JournalFile.open(path);
  try {
    // The current one itself, which has just been renamed, will be read anyway.
    if (previous !== undefined && current?.isAt(path) !== true) yield* previous.events();
  } finally {
    previous?.close();
  }
}

/** A journal that is read as far as it is written. */
class JournalFile {
  readonly #fd: number;
  #at = 0;
  #rest = '';

  private constructor(fd: number) {
    this.#fd = fd;
  }

  static open(path: string): JournalFile | undefined {
    try {
      return new JournalFile(openSync(path, 'r'));
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Whether it goes by this name by now. */
  isAt(path: string): boolean {
    return statSync(path, { throwIfNoEntry: false })?.ino === fstatSync(this.#fd).ino;
  }

  *events(): Generator<EventDocument> {
    const piece = Buffer.alloc(PIECE_BYTES);
    const pieces: Buffer[] = [];
    for (let got = -1; got !== 0; this.#at += got) {
      got = readSync(this.#fd, piece, 0, PIECE_BYTES, this.#at);
      pieces.push(Buffer.from(piece.subarray(0, got)));
    }
    const lines = (this.#rest + Buffer.concat(pieces).toString('utf8')).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const event = parseEvent(line);
      if (event !== undefined) yield event;
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** A line of the journal; undefined when it is none. */
export function parseEvent(line: string): EventDocument | undefined {
  try {
    const document = JSON.parse(line) as EventDocument;
    const timeNano = /"timeNano":(\d+)\}$/.exec(line)?.[1];
    return timeNano === undefined ? undefined : { ...document, timeNano: BigInt(timeNano) };
  } catch {
    return undefined;
  }
}

/** Wakes a follower when anything in the folder of the journal changes. */
class Changes {
  readonly #watcher: FSWatcher;
  #changed = false;
  #wake: () => void = () => undefined;

  constructor(folder: string, signal: AbortSignal | undefined) {
    const notify = () => {
      this.#changed = true;
      this.#wake();
    };
    this.#watcher = watch(folder, notify);
    this.#watcher.on('error', notify);
    signal?.addEventListener('abort', notify, { once: true });
  }

  async next(milliseconds: number): Promise<void> {
    if (!this.#changed) {
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, Math.max(milliseconds, 1));
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#changed = false;
  }

  close(): void {
    this.#watcher.close();
  }
}
