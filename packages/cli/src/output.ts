import { fstatSync, writeSync } from 'node:fs';
import { stripControls } from './present/strip-controls';

const STDOUT = 1;
const STDERR = 2;
const RETRY_MS = 5;
/** What a shell reports of a program that died of SIGPIPE, which node ignores. */
const SIGPIPE_STATUS = 141;
/** Major number of /dev/null and its kin (null(4)). */
const MEMORY_DEVICES = 1;

/**
 * Writes to stdout at once, so that nothing is left to flush when the process ends or is replaced.
 * Ends the process silently when the reader went away (`tinyd logs -f web | head -1`).
 */
export function writeOut(text: string | Uint8Array): void {
  writeFully(STDOUT, text);
}

/**
 * Writes what images and containers have a say in: names, labels, commands. Nothing of it can steer a terminal;
 * a pipe gets every byte.
 */
export function showOut(text: string): void {
  writeOut(isTerminal(STDOUT) ? stripControls(text) : text);
}

/** Writes to stderr at once: progress, warnings, errors. */
export function writeErr(text: string | Uint8Array): void {
  writeFully(STDERR, text);
}

function writeFully(fd: number, text: string | Uint8Array): void {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE' && fd === STDOUT) process.exit(SIGPIPE_STATUS);
      if (code === 'EPIPE' || code === 'EIO') return;
      if (code !== 'EAGAIN') throw error;
      // Somebody made the pipe non-blocking: wait for the reader without spinning.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}

/** True for a terminal. Looks at the file's type first, since node's tty module is slow to load. */
export function isTerminal(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    if (!stat.isCharacterDevice() || stat.rdev >>> 8 === MEMORY_DEVICES) return false;
  } catch {
    return false;
  }
  return (require('node:tty') as typeof import('node:tty')).isatty(fd);
}

/** Columns of the terminal on stdout; undefined when stdout is none, so that piped output never changes. */
export function stdoutWidth(): number | undefined {
  // A terminal that does not know its width says 0.
  return isTerminal(STDOUT) ? process.stdout.columns || undefined : undefined;
}
