import { isTinydError } from '@tinyd/core';
import { readIfThere, replaceUnflushed, systemCode } from '../atomic-file';
import type { ContainerLayout } from '../layout';

/** `failed-start.json`: the error of a start that failed. A later one replaces it; a start that succeeds leaves it. */
export interface FailedStart {
  /** RFC 3339, UTC. */
  readonly time: string;
  /** ERR_TINYD_…; or the code of a system call's failure. */
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  /** What the error names: the helper's stage and errno, a port, a path. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** Keeps an error for those who ask later. A `--rm` container is gone by now, and a full disk takes no note. */
export function noteFailedStart(paths: ContainerLayout, error: unknown): void {
  const known = isTinydError(error) ? error : undefined;
  const note: FailedStart = {
    time: new Date().toISOString(),
    code: known?.code ?? systemCode(error) ?? 'ERR_TINYD_INTERNAL',
    message: error instanceof Error ? error.message : String(error),
    ...(known?.hint === undefined ? {} : { hint: known.hint }),
    details: known?.details ?? {},
  };
  try {
    replaceUnflushed(paths.failedStart, `${JSON.stringify(note)}\n`);
  } catch {
    // The error itself is what the user has to see.
  }
}

/** The last start that failed, unless the container ran after it. */
export function readFailedStart(paths: ContainerLayout, startedAt: string): FailedStart | undefined {
  const note = read(paths.failedStart);
  return note === undefined || Date.parse(note.time) < Date.parse(startedAt) ? undefined : note;
}

function read(path: string): FailedStart | undefined {
  const text = readIfThere(path);
  if (text === undefined) return undefined;
  try {
    const note = JSON.parse(text) as Partial<FailedStart>;
    return typeof note.message === 'string' && typeof note.time === 'string' && typeof note.code === 'string'
      ? { ...(note as FailedStart), details: note.details ?? {} }
      : undefined;
  } catch {
    // Not flushed: a power cut may have left a part of it.
    return undefined;
  }
}
