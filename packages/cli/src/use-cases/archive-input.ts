import { createReadStream, type Stats, statSync } from 'node:fs';
import { addAbortSignal, Readable } from 'node:stream';
import { TinydError } from '@tinyd/core';
import type { ArchiveInput } from '@tinyd/store';
import { refuseTerminal } from './refuse-terminal';

/**
 * A file, a folder, or (without a path, or `-`) standard input, as something to load from.
 *
 * Fails with ERR_TINYD_USAGE for a terminal and with ERR_TINYD_SYSTEM for a path that cannot be read.
 */
export function archiveInput(path: string | undefined): ArchiveInput {
  if (path === undefined || path === '-') {
    refuseTerminal('read an archive', 0);
    return { label: 'standard input', chunks: process.stdin };
  }
  const stat = stated(path);
  if (stat.isDirectory()) return { folder: path };
  return { label: path, chunks: createReadStream(path, { highWaterMark: 256 * 1024 }) };
}

/** Ends the reading when the signal fires: a pipe may stay silent for ever. */
export function stopInput(input: ArchiveInput, signal: AbortSignal): void {
  if ('chunks' in input && input.chunks instanceof Readable) addAbortSignal(signal, input.chunks);
}

function stated(path: string): Stats {
  try {
    return statSync(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'no such file' : (cause as Error).message;
    throw new TinydError('ERR_TINYD_SYSTEM', `cannot read ${path}: ${reason}`, { cause });
  }
}
