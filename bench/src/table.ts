import type { Summary } from './statistics';

/** One measured thing: an engine at a job. */
export interface Row {
  readonly job: string;
  readonly engine: string;
  /** Seconds. */
  readonly wall: Summary;
  readonly cpu: Summary;
  /** tinyd's median wall time over this engine's; undefined for tinyd itself. */
  readonly ratio?: Summary;
}

function milliseconds(seconds: number): string {
  return seconds >= 10
    ? `${(seconds * 1000).toFixed(0)}`
    : `${(seconds * 1000).toFixed(seconds >= 0.1 ? 0 : 1)}`;
}

/** The report as a Markdown table; times in milliseconds, medians with their 95 % intervals. */
export function markdownTable(rows: readonly Row[]): string {
  const head = ['job', 'engine', 'median ms', '95 % interval', 'CPU ms', 'tinyd takes'];
  const body = rows.map(row => [
    row.job,
    row.engine,
    milliseconds(row.wall.median),
    `${milliseconds(row.wall.low)}–${milliseconds(row.wall.high)}`,
    milliseconds(row.cpu.median),
    row.ratio
      ? `${row.ratio.median.toFixed(2)} × (${row.ratio.low.toFixed(2)}–${row.ratio.high.toFixed(2)})`
      : '',
  ]);
  const widths = head.map((title, column) =>
    Math.max(title.length, ...body.map(cells => cells[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), `|${widths.map(width => '-'.repeat(width + 2)).join('|')}|`, ...body.map(line)].join(
    '\n',
  );
}
