import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { lockNow } from '@tinyd/native';
import { systemCode } from '../atomic-file';
import type { RuntimeFolders } from '../layout';
import { type EventNote, eventLine } from './event';

/** A journal of this size becomes the one before, of which there is one. Also in native/helper/events.c. */
const JOURNAL_BYTES = 1024 * 1024;
const TRIES = 5;
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;

/** Where events are written: below the state folder, since like docker's they do not outlive the host's run. */
export function journalPath({ state }: Pick<RuntimeFolders, 'state'>): string {
  return join(state, 'events', 'journal');
}

/** The journal that was full. */
export function previousJournalPath(folders: Pick<RuntimeFolders, 'state'>): string {
  return `${journalPath(folders)}.1`;
}

/**
 * Appends events, one line each, in one write: readers see all or nothing of a line, whoever else appends.
 *
 * An event that cannot be written (a full file system) is lost: what it tells of has happened all the same.
 */
export function recordEvents(folders: Pick<RuntimeFolders, 'state'>, notes: readonly EventNote[]): void {
  const now = process.hrtime.bigint() + clockOffset();
  const lines = Buffer.from(notes.map((note, index) => eventLine(note, now + BigInt(index))).join(''));
  const path = journalPath(folders);
  try {
    const size = append(path, lines);
    if (size >= JOURNAL_BYTES) rotate(path);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
  }
}

let offset: bigint | undefined;

/** From the clock of {@link process.hrtime} to that of the day, so that events of one command keep their order. */
function clockOffset(): bigint {
  offset ??= BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint();
  return offset;
}

/** @returns the size of the journal afterwards */
function append(path: string, lines: Uint8Array): number {
  const fd = openJournal(path, 'shared');
  try {
    writeSync(fd, lines);
    return fstatSync(fd).size;
  } finally {
    closeSync(fd);
  }
}

/** Opens the journal and locks it: shared against its rotation, exclusive to rotate it. */
function openJournal(path: string, mode: 'shared' | 'exclusive'): number {
  for (let tries = 0; ; tries++) {
    const fd = openOrMake(path);
    try {
      lockNow(fd, mode);
      // Rotated between the opening and the locking: then nobody reads on in there.
      if (fstatSync(fd).ino === statSync(path, { throwIfNoEntry: false })?.ino || tries >= TRIES) return fd;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    closeSync(fd);
  }
}

function openOrMake(path: string): number {
  try {
    return openSync(path, APPEND, 0o600);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return openSync(path, APPEND, 0o600);
  }
}

function rotate(path: string): void {
  const fd = openJournal(path, 'exclusive');
  try {
    if (fstatSync(fd).size >= JOURNAL_BYTES) renameSync(path, `${path}.1`);
  } finally {
    closeSync(fd);
  }
}
