/** Columns of a table as docker lays them out (Go's tabwriter: minimum width 10, padding 3, spaces). */

const MIN_WIDTH = 10;
const PADDING = 3;

/** One column: its heading, and whether it may be shortened when the terminal is too narrow. */
export interface Column {
  readonly heading: string;
  readonly shrinkable?: boolean;
}

/**
 * Lays rows out below their headings, every cell but a row's last padded with three spaces to docker's grid.
 *
 * @param width columns of the terminal; undefined (a pipe) means that nothing is ever shortened.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width?: number,
): string {
  const fitted = width === undefined ? rows : shrink(columns, rows, width);
  return alignTabs([columns.map(column => column.heading), ...fitted]);
}

/**
 * Aligns cells into columns; each row ends with a line feed and without trailing blanks it did not have.
 *
 * @param minWidth of a column, padding included.
 */
export function alignTabs(rows: readonly (readonly string[])[], minWidth = MIN_WIDTH): string {
  const surplus = rows.map(surplusUnits);
  const widths = columnWidths(rows, surplus, minWidth);
  let text = '';
  rows.forEach((row, line) => {
    const last = row.length - 1;
    for (let index = 0; index < last; index++) {
      const cell = row[index] ?? '';
      text += cell.padEnd((widths[index] ?? 0) + (surplus[line]?.[index] ?? 0));
    }
    text += `${row[last] ?? ''}\n`;
  });
  return text;
}

function columnWidths(
  rows: readonly (readonly string[])[],
  surplus: readonly (readonly number[] | undefined)[],
  minWidth: number,
): number[] {
  const widths: number[] = [];
  rows.forEach((row, line) => {
    // A row's last cell ends no column (text/tabwriter), so that a long last column costs the others nothing.
    for (let index = 0; index < row.length - 1; index++) {
      const needed = (row[index] ?? '').length - (surplus[line]?.[index] ?? 0) + PADDING;
      if (needed > (widths[index] ?? minWidth)) widths[index] = needed;
      else widths[index] ??= minWidth;
    }
  });
  return widths;
}

/** By how much each cell's length exceeds the columns it takes. Undefined for a row of plain text, as nearly all are. */
function surplusUnits(row: readonly string[]): readonly number[] | undefined {
  return hasPairs(row.join('')) ? row.map(cell => cell.length - displayWidth(cell)) : undefined;
}

function hasPairs(text: string): boolean {
  return /[\ud800-\udfff]/.test(text);
}

/** Code points, which is how docker counts. */
function displayWidth(text: string): number {
  return hasPairs(text) ? [...text].length : text.length;
}

/** Cuts to `length` code points, the last one an ellipsis (docker's formatter.Ellipsis). */
export function ellipsis(text: string, length: number): string {
  if (text.length <= length) return text;
  const points = [...text];
  if (points.length <= length) return text;
  return length <= 1 ? points.slice(0, length).join('') : `${points.slice(0, length - 1).join('')}…`;
}

const NARROWEST = 12;

function shrink(columns: readonly Column[], rows: readonly (readonly string[])[], width: number): string[][] {
  const headings = columns.map(column => column.heading);
  const natural = columns.map((_, index) => widest([headings, ...rows], index));
  let excess = totalWidth(natural) - width;
  const limits = [...natural];
  while (excess > 0) {
    const index = widestShrinkable(columns, limits);
    if (index === undefined) break;
    limits[index] = (limits[index] ?? 0) - 1;
    excess = totalWidth(limits) - width;
  }
  return rows.map(row => row.map((cell, index) => ellipsis(cell, limits[index] ?? cell.length)));
}

function widest(rows: readonly (readonly string[])[], index: number): number {
  return Math.max(0, ...rows.map(row => displayWidth(row[index] ?? '')));
}

function totalWidth(widths: readonly number[]): number {
  return widths.reduce(
    (sum, width, index) => sum + (index === widths.length - 1 ? width : Math.max(MIN_WIDTH, width + PADDING)),
    0,
  );
}

function widestShrinkable(columns: readonly Column[], widths: readonly number[]): number | undefined {
  let found: number | undefined;
  columns.forEach((column, index) => {
    const width = widths[index] ?? 0;
    if (column.shrinkable === true && width > NARROWEST && width > (widths[found ?? -1] ?? 0)) found = index;
  });
  return found;
}
