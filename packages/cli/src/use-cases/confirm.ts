import { readSync } from 'node:fs';
import { writeOut } from '../output';

const STDIN = 0;

/**
 * Asks what docker asks before it removes things; anything but a `y` is a no, the end of the input too.
 *
 * @param warning what is going to happen, in lines without the final line feed.
 */
export function confirm(warning: string): boolean {
  writeOut(`WARNING! ${warning}\nAre you sure you want to continue? [y/N] `);
  return readLine().trim().toLowerCase() === 'y';
}

/** One byte at a time, so that what follows the line is left to whoever reads next. */
function readLine(): string {
  const byte = Buffer.alloc(1);
  let line = '';
  for (;;) {
    let count: number;
    try {
      count = readSync(STDIN, byte);
    } catch {
      // A closed standard input, or one that has nothing to say (EAGAIN): no answer is no consent.
      return line;
    }
    if (count === 0 || byte[0] === 0x0a) return line;
    line += byte.toString('latin1');
  }
}
