/** Size of the terminal in cells. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

const CLEAR_TO_END = '\x1b[J';
const CLEAR_LINE_END = '\x1b[K';

/**
 * Keeps a block of lines at the bottom of the terminal and redraws it in place.
 *
 * Pure but for what it remembers of the last block: each call returns the bytes to write.
 */
export class Painter {
  private drawn: readonly string[] = [];

  /** Bytes that replace the block by `lines`; none when nothing changed. */
  paint(lines: readonly string[], size: TerminalSize): string {
    if (lines.length === this.drawn.length && lines.every((line, index) => line === this.drawn[index]))
      return '';
    const output = `${this.home(size)}${lines.map(line => `${line}${CLEAR_LINE_END}\n`).join('')}${CLEAR_TO_END}`;
    this.drawn = lines;
    return output;
  }

  /** Bytes that put a permanent line above the block. */
  print(line: string, size: TerminalSize): string {
    const block = this.drawn.map(each => `${each}${CLEAR_LINE_END}\n`).join('');
    return `${this.home(size)}${CLEAR_TO_END}${line}\n${block}`;
  }

  /** Cursor to the block's first line. A terminal that became narrower has wrapped the old lines: count them anew. */
  private home({ columns, rows }: TerminalSize): string {
    const taken = this.drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / columns)), 0);
    const up = Math.min(taken, rows - 1);
    return up > 0 ? `\r\x1b[${up}A` : '\r';
  }
}
