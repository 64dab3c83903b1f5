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
