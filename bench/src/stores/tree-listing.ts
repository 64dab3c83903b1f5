import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/**
 * One line for each entry below a folder, by name: type and mode, owner, size, modification time, link target, SHA-256
 * of the content. Times to the second: what a tar without extended headers can say.
 */
export function listTree(root: string): Map<string, string> {
  const lines = new Map<string, string>();
  const visit = (path: string, name: string) => {
    const stats = lstatSync(path);
    const parts = [stats.mode.toString(8), `${stats.uid}:${stats.gid}`, Math.floor(stats.mtimeMs / 1000)];
    if (stats.isFile())
      parts.push(stats.size, createHash('sha256').update(readFileSync(path)).digest('base64'));
    if (stats.isSymbolicLink()) parts.push(readlinkSync(path));
    if (stats.isCharacterDevice() || stats.isBlockDevice()) parts.push(stats.rdev);
    if (name !== '') lines.set(name, parts.join(' '));
    if (stats.isDirectory())
      for (const entry of readdirSync(path))
        visit(`${path}/${entry}`, name === '' ? entry : `${name}/${entry}`);
  };
  visit(root, '');
  return lines;
}

/** Where two trees differ: at most `limit` names with what each says of it, and how many differ in all. */
export function compareTrees(
  own: ReadonlyMap<string, string>,
  other: ReadonlyMap<string, string>,
  limit = 3,
): { readonly count: number; readonly examples: readonly string[] } {
  const names = [...new Set([...own.keys(), ...other.keys()])].filter(
    name => own.get(name) !== other.get(name),
  );
  const examples = names
    .slice(0, limit)
    .map(name => `${name}: ${own.get(name) ?? 'absent'} | ${other.get(name) ?? 'absent'}`);
  return { count: names.length, examples };
}
