/** Values of a template: JSON, and functions as methods (`.Label "key"`). */

/** True for what Go calls a map or struct here. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Go's truth of a pipeline: false, 0, nil and whatever is empty are false. */
export function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (isRecord(value)) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** A value as Go's fmt prints it by %v: `[a b]`, `map[k:v]` with sorted keys, `<no value>` for nothing. */
export function printValue(value: unknown): string {
  if (value === undefined || value === null) return '<no value>';
  return printNested(value);
}

function printNested(value: unknown): string {
  if (value === undefined || value === null) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(printNested).join(' ')}]`;
  if (isRecord(value)) {
    const keys = Object.keys(value).sort();
    return `map[${keys.map(key => `${key}:${printNested(value[key])}`).join(' ')}]`;
  }
  return String(value);
}

/** A value as docker's `json` writes it: compact, with the line separators of JavaScript escaped. */
export function toJson(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null';
  return text.replace(/[\u2028\u2029]/g, mark => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
