import { isTinydError, parseReference, TinydError } from '@tinyd/core';
import type { ImageRow } from '@tinyd/store';
import { type Filters, matches, matchesLabels, parseFilterSwitch, parseFilters } from '../flags/filters';

const KEYS = ['dangling', 'label', 'before', 'since', 'reference'];

/** The rows that `tinyd images [REPOSITORY[:TAG]] --filter …` shows. `find` gives the ID that a text names. */
export function filterImages(
  rows: readonly ImageRow[],
  name: string | undefined,
  filters: readonly string[],
  find: (text: string) => string,
): ImageRow[] {
  const wanted = parseFilters(filters, KEYS);
  const isNamed = name === undefined ? () => true : namePredicate(name);
  const createdOf = (text: string) => createdMs(rows.find(row => row.id === find(text)));
  const before = wanted.get('before')?.map(createdOf) ?? [];
  const since = wanted.get('since')?.map(createdOf) ?? [];
  return rows.filter(
    row =>
      isNamed(row) &&
      matches(wanted, 'dangling', value => row.isDangling === parseFilterSwitch('dangling', value)) &&
      matchesLabels(wanted, row.labels) &&
      matchesPattern(wanted, row) &&
      before.every(created => createdMs(row) < created) &&
      since.every(created => createdMs(row) > created),
  );
}

function createdMs(row: ImageRow | undefined): number {
  return (row?.created !== undefined && Date.parse(row.created)) || 0;
}

/** `tinyd images nginx`, `nginx:1.27`, and patterns such as `*:latest`. */
function namePredicate(name: string): (row: ImageRow) => boolean {
  if (/[*?[]/.test(name)) return patternPredicate(name);
  try {
    const reference = parseReference(name);
    const repository = familiar(`${reference.domain}/${reference.path}`);
    return row => row.repository === repository && (reference.tagIsImplied || row.tag === reference.tag);
  } catch (error) {
    if (!isTinydError(error)) throw error;
    throw new TinydError(
      error.code,
      `cannot list images named ${JSON.stringify(name)}: it is no image name`,
      {
        cause: error,
      },
    );
  }
}

function familiar(canonical: string): string {
  return canonical.replace(/^docker\.io\/(library\/(?=[^/]+$))?/, '');
}

function matchesPattern(filters: Filters, row: ImageRow): boolean {
  return matches(filters, 'reference', pattern => patternPredicate(pattern)(row));
}

/** Go's path.Match against `repository` and `repository:tag`, for each of the names that docker would try. */
function patternPredicate(pattern: string): (row: ImageRow) => boolean {
  const source = pattern.replace(/\[[^\]]+\]|[\s\S]/g, part => {
    if (part === '*') return '[^/]*';
    if (part === '?') return '[^/]';
    return part.length > 1 ? part : part.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  });
  const expression = new RegExp(`^${source}$`);
  return ({ repository, tag }) =>
    repository !== undefined &&
    (expression.test(repository) || (tag !== undefined && expression.test(`${repository}:${tag}`)));
}
