import { compileTemplate, type Template } from '../template/evaluate';
import { FUNCTIONS, HEADING_FUNCTIONS } from '../template/functions';
import { toJson } from '../template/value';
import { oneLineEach } from './strip-controls';
import { alignTabs, renderTable } from './table';

/** One row for templates: docker's field names; values are text, methods take arguments (`.Label "k"`). */
export type Row = Readonly<Record<string, unknown>>;

/** What a listing command can print. */
export interface Listing {
  readonly rows: readonly Row[];
  /** One field of all rows, where that is cheaper than asking each row. */
  readonly column?: (field: string) => readonly unknown[];
  /** Heading of every field that a `table` template may name. */
  readonly headings: Readonly<Record<string, string>>;
  /** Fields of the standard table, in order. */
  readonly table: readonly string[];
  /** Fields that may be cut where the terminal is too narrow. */
  readonly shrinkable?: readonly string[];
  /** The only field that `--quiet` prints. */
  readonly quiet: string;
}

/** How the user wants it. */
export interface ListStyle {
  /** `table`, `table TEMPLATE`, `json`, `TEMPLATE`; undefined or empty is the standard table. */
  readonly format?: string | undefined;
  readonly quiet: boolean;
  /** Columns of the terminal; undefined where output goes elsewhere and must not depend on it. */
  readonly width?: number | undefined;
}

/** A listing as text, by docker's rules for `--format` and `--quiet`. */
export function renderListing(listing: Listing, style: ListStyle): string {
  const format = style.format || 'table';
  if (format === 'json')
    return rowDocuments(listing)
      .map(row => `${toJson(row)}\n`)
      .join('');
  const isTable = format === 'table' || format.startsWith('table ');
  if (style.quiet && isTable) {
    return listing.rows.map(row => `${String(row[listing.quiet])}\n`).join('');
  }
  if (format === 'table') return standardTable(listing, style.width);
  if (isTable) return templateTable(listing, expandEscapes(format.slice('table '.length)));
  const template = compileTemplate(expandEscapes(format));
  return listing.rows.map(row => `${template(sorted(row))}\n`).join('');
}

/** Rows as docker's JSON has them: fields in alphabetical order, methods left out. */
export function rowDocuments({ rows }: Listing): Row[] {
  return rows.map(row => sorted(row, value => typeof value !== 'function'));
}

/** As `{{json .}}` is to write it. */
function sorted(row: Row, isWanted: (value: unknown) => boolean = () => true): Row {
  const fields = Object.entries(row).filter(([, value]) => isWanted(value));
  return Object.fromEntries(fields.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function standardTable(listing: Listing, width: number | undefined): string {
  const { rows, headings, table, shrinkable = [] } = listing;
  const { column = (field: string) => rows.map(row => row[field]) } = listing;
  const columns = table.map(field => ({
    heading: headings[field] ?? field,
    shrinkable: shrinkable.includes(field),
  }));
  // An image may put line breaks into its history: a row stays a row.
  const cells = table.map(field => oneLineEach(column(field).map(String)));
  return renderTable(
    columns,
    rows.map((_, index) => cells.map(each => each[index] ?? '')),
    width,
  );
}

function templateTable({ rows, headings }: Listing, source: string): string {
  const heading: Template = compileTemplate(source, HEADING_FUNCTIONS);
  const line: Template = compileTemplate(source, FUNCTIONS);
  const label = (key: string) => key.slice(key.lastIndexOf('.') + 1);
  const texts = [heading({ ...headings, Label: label }), ...rows.map(row => line(row))];
  return alignTabs(texts.flatMap(text => text.split('\n').map(each => each.split('\t'))));
}

/** docker takes the two characters \t and \n for what they stand for, whatever the shell did. */
function expandEscapes(format: string): string {
  return format.trim().replaceAll('\\t', '\t').replaceAll('\\n', '\n');
}
