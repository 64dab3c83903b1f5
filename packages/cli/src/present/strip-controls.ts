/** Removes what could move the cursor, recolour or retitle a terminal: C0, C1, DEL and bidirectional overrides. */
export function stripControls(text: string): string {
  return text
    .replace(/\x1b\[[0-9;?]*[ -/]*[@-~]/g, '')
    .replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, '');
}

/** The same text on one line. */
export function oneLine(text: string): string {
  return stripControls(text.replace(/\s*[\r\n]+\s*/g, ' '));
}

/** {@link oneLine} of each cell of a column. One look tells that nothing has to be done to any of them, as in nearly every column. */
export function oneLineEach(cells: readonly string[]): readonly string[] {
  return /[^\x20-\x7e]/.test(cells.join('')) ? cells.map(oneLine) : cells;
}
