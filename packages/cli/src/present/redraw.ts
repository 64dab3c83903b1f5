import { stripControls } from './strip-controls';

const HOME = '\x1b[H';
const ERASE_LINE = '\x1b[K';
const ERASE_BELOW = '\x1b[J';

/**
 * A text that takes the place of all that a terminal shows, without flicker: lines are overwritten, not erased first.
 * What the window has no room for is counted in the last line.
 *
 * @param rows lines of the window; undefined or 0 where it does not say.
 */
export function redraw(text: string, rows: number | undefined): string {
  const lines = stripControls(text).trimEnd().split('\n');
  const room = (rows || lines.length + 1) - 1;
  const hidden = lines.length - room;
  const shown =
    hidden > 0 ? [...lines.slice(0, Math.max(room - 1, 1)), `… and ${hidden + 1} more lines`] : lines;
  return `${HOME}${shown.map(line => `${line}${ERASE_LINE}\n`).join('')}${ERASE_BELOW}`;
}
