const MOST = 3;

/** The names that a mistyped one may have meant, nearest first, at most three. */
export function nearNames(text: string, names: readonly string[]): string[] {
  const wanted = bare(text);
  const last = wanted.split('/').at(-1) ?? '';
  // Two letters in the wrong order count as two edits; two edits make anything of a very short name.
  const limit = last.length <= 3 ? 1 : Math.max(2, Math.floor(last.length / 3));
  return [...new Set(names)]
    .map(name => ({ name, distance: distanceTo(wanted, name) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance || a.name.localeCompare(b.name))
    .slice(0, MOST)
    .map(({ name }) => name);
}

function distanceTo(wanted: string, name: string): number {
  const last = bare(name).split('/').at(-1) ?? '';
  return Math.min(editDistance(wanted, bare(name)), editDistance(wanted.split('/').at(-1) ?? '', last));
}

/** A name without tag and digest. */
function bare(name: string): string {
  return name.replace(/@.*$/, '').replace(/:[^/]*$/, '');
}

/** Insertions, deletions and replacements that turn `a` into `b` (Levenshtein). */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
