import { TinydError } from '@tinyd/core';

/** Filters by key; several values of one key are alternatives, different keys must all hold. */
export type Filters = ReadonlyMap<string, readonly string[]>;

/** `--filter KEY=VALUE`, repeatable. A key that is not in `known` fails with ERR_TINYD_OPTION_INVALID. */
export function parseFilters(entries: readonly string[], known: readonly string[]): Filters {
  const filters = new Map<string, string[]>();
  for (const entry of entries) {
    const equals = entry.indexOf('=');
    const key = entry.slice(0, Math.max(equals, 0)).trim().toLowerCase();
    if (equals === -1) throw invalid(entry, 'want KEY=VALUE');
    if (!known.includes(key)) throw invalid(entry, `there is no filter ${JSON.stringify(key)}`, known);
    filters.set(key, [...(filters.get(key) ?? []), entry.slice(equals + 1).trim()]);
  }
  return filters;
}

/** True when no value is asked for, or one of them matches. */
export function matches(filters: Filters, key: string, predicate: (value: string) => boolean): boolean {
  const values = filters.get(key);
  return values === undefined || values.some(predicate);
}

/** `label=key` or `label=key=value` against an object's labels; all given labels must be there, as in docker. */
export function matchesLabels(filters: Filters, labels: Readonly<Record<string, string>>): boolean {
  return (filters.get('label') ?? []).every(wanted => {
    const equals = wanted.indexOf('=');
    const key = equals === -1 ? wanted : wanted.slice(0, equals);
    return Object.hasOwn(labels, key) && (equals === -1 || labels[key] === wanted.slice(equals + 1));
  });
}

/** `name=PATTERN`: docker takes it for a regular expression, which any part of a name may match. */
export function namePatterns(filters: Filters): ((name: string) => boolean) | undefined {
  const patterns = filters.get('name')?.map(namePattern);
  return patterns && (name => patterns.some(pattern => pattern.test(name)));
}

function namePattern(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (cause) {
    throw invalid(`name=${text}`, 'no regular expression', [], cause);
  }
}

/** A filter that is true or false. */
export function parseFilterSwitch(key: string, value: string): boolean {
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  throw invalid(`${key}=${value}`, 'want true or false');
}

function invalid(entry: string, reason: string, known: readonly string[] = [], cause?: unknown): TinydError {
  return new TinydError('ERR_TINYD_OPTION_INVALID', `invalid filter ${JSON.stringify(entry)}: ${reason}`, {
    ...(known.length > 0 && { hint: `filters are ${known.join(', ')}` }),
    ...(cause !== undefined && { cause }),
  });
}
