import { createHash } from 'node:crypto';
import { type BigIntStats, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { listXattrs } from '@tinyd/native';

const KINDS: readonly [number, string][] = [
  [0o140000, 'socket'],
  [0o120000, 'link'],
  [0o100000, 'file'],
  [0o060000, 'block'],
  [0o040000, 'directory'],
  [0o020000, 'char'],
  [0o010000, 'fifo'],
];

function kindOf(stats: BigIntStats): string {
  const format = Number(stats.mode) & 0o170000;
  return KINDS.find(([bits]) => bits === format)?.[1] ?? 'unknown';
}

/** All there is to know of one file, as text; hard links by the first name of the same inode. */
function describe(path: Buffer, name: string, stats: BigIntStats, seen: Map<bigint, string>): string {
  const kind = kindOf(stats);
  const mode = (Number(stats.mode) & 0o7777).toString(8);
  const parts = [name, kind, mode, `${stats.uid}:${stats.gid}`];
  if (kind === 'file')
    parts.push(String(stats.size), createHash('sha256').update(readFileSync(path)).digest('hex'));
  if (kind === 'link') parts.push(`-> ${readlinkSync(path, 'latin1')}`);
  if (kind === 'char' || kind === 'block') parts.push(`rdev ${stats.rdev}`);
  parts.push(`mtime ${stats.mtimeNs}`);
  if (kind !== 'directory' && stats.nlink > 1n) {
    const first = seen.get(stats.ino);
    parts.push(`nlink ${stats.nlink}`, first === undefined ? 'first' : `same as ${first}`);
    if (first === undefined) seen.set(stats.ino, name);
  }
  // The path's bytes may be no UTF-8, and listXattrs takes a string.
  const text = path.toString('utf8');
  if (Buffer.from(text, 'utf8').equals(path)) {
    for (const { name: xattr, value } of listXattrs(text).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      parts.push(`${xattr}=${value.toString('hex')}`);
    }
  }
  return parts.join(' ');
}

/** One line for each file below `root`, sorted by path, names as latin1; the root itself is `.`. */
export function listing(root: string): string[] {
  const lines: string[] = [];
  const seen = new Map<bigint, string>();
  const visit = (path: Buffer, name: string) => {
    const stats = lstatSync(path, { bigint: true });
    lines.push(describe(path, name, stats, seen));
    if (!stats.isDirectory()) return;
    const names = readdirSync(path, { encoding: 'buffer' }).map(entry => entry.toString('latin1'));
    for (const entry of names.sort()) {
      const below = Buffer.concat([path, Buffer.from('/'), Buffer.from(entry, 'latin1')]);
      visit(below, name === '.' ? entry : `${name}/${entry}`);
    }
  };
  visit(Buffer.from(root), '.');
  return lines;
}

/** The listing without the root's own line. */
export function content(root: string): string[] {
  return listing(root).slice(1);
}
