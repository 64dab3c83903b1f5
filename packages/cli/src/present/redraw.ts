import { stripControls } from './strip-controls';

const HOME = '\x1b[H';
const ERASE_LINE = '\x1b[K';
const ERASE_BELOW = '\x1b[J';

/** Size of a window in characters; undefined or 0 where it does not say, or lines are to stay whole. */
export interface WindowSize {
  readonly rows: number | undefined;
  readonly columns: number | undefined;
}

/**
 * A text that takes the place of all that a terminal shows, without flicker: lines are overwritten, not erased first.
 * Lines are cut where the window ends: wrapped, they would push the first ones out of it. Those that it has no room for
 * are counted in the last line.
 */
export function redraw(text: string, { rows, columns }: WindowSize): string {
  const lines = stripControls(text).trimEnd().split('\n');
  const room = (rows || lines.length + 1) - 1;
  const hidden = lines.length - room;
  const shown =
    hidden > 0 ? [...lines.slice(0, Math.max(room - 1, 1)), `… and ${hidden + 1} more lines`] : lines;
  return `${HOME}${shown.map(line => `${overwrite(line, columns)}\n`).join('')}${ERASE_BELOW}`;
}

/** A line in the place of another. The cursor stays on a last column that was written to: erasing would take that too. */
function overwrite(line: string, columns: number | undefined): string {
  const points = [...line];
  if (!columns || points.length < columns) return `${line}${ERASE_LINE}`;
  return points.slice(0, columns).join('');
}
