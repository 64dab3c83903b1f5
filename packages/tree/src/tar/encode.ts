import type { EntryKind, TreeEntry } from '../entry';

/** Tar counts in blocks of this size (POSIX pax, "ustar Interchange Format"). */
export const BLOCK_BYTES = 512;

const TYPE_FLAGS: Readonly<Record<EntryKind, string>> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  char: '3',
  block: '4',
  folder: '5',
  fifo: '6',
};
const PAX_TYPE = 'x';
const NAME_BYTES = 100;
const LINK_BYTES = 100;
/** The largest number that 7 and 11 octal digits hold. */
const MOST_SMALL = 0o7777777;
const MOST_LARGE = 0o77777777777;
const NS_PER_SECOND = 1_000_000_000n;

/**
 * The header of one member: a PAX record in front of it for what the old format has no room for (long or foreign names,
 * large numbers, fractions of seconds, extended attributes), values byte for byte.
 *
 * Extended attributes are `SCHILY.xattr.*`, as all container engines read them.
 */
export function encodeHeader(entry: TreeEntry): Buffer {
  const name = entry.kind === 'folder' ? folderName(entry.path) : entry.path;
  const target = entry.target ?? Buffer.alloc(0);
  const seconds = floorSeconds(entry.mtimeNs);
  const records: Buffer[] = [];
  if (name.length > NAME_BYTES || !isAscii(name)) records.push(record('path', name));
  if (target.length > LINK_BYTES || !isAscii(target)) records.push(record('linkpath', target));
  if (entry.size > MOST_LARGE) records.push(record('size', text(entry.size)));
  if (entry.uid > MOST_SMALL) records.push(record('uid', text(entry.uid)));
  if (entry.gid > MOST_SMALL) records.push(record('gid', text(entry.gid)));
  if (seconds < 0n || seconds > MOST_LARGE || seconds * NS_PER_SECOND !== entry.mtimeNs)
    records.push(record('mtime', text(decimalSeconds(entry.mtimeNs))));
  for (const xattr of entry.xattrs) records.push(record(`SCHILY.xattr.${xattr.name}`, xattr.value));
  const header = ustar(TYPE_FLAGS[entry.kind], name, target, entry, seconds);
  if (records.length === 0) return header;
  const body = Buffer.concat(records);
  const carrier = { mode: 0o644, uid: 0, gid: 0, size: body.length };
  return Buffer.concat([
    ustar(PAX_TYPE, Buffer.from('PaxHeader'), Buffer.alloc(0), carrier, 0n),
    body,
    padding(body.length),
    header,
  ]);
}

/** Zeros up to the next block behind `size` bytes. */
export function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES);
}

function ustar(
  type: string,
  name: Buffer,
  target: Buffer,
  { mode, uid, gid, size, device }: Pick<TreeEntry, 'mode' | 'uid' | 'gid' | 'size' | 'device'>,
  seconds: bigint,
): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  name.copy(block, 0, 0, NAME_BYTES);
  octal(block, 100, 8, mode);
  octal(block, 108, 8, uid > MOST_SMALL ? 0 : uid);
  octal(block, 116, 8, gid > MOST_SMALL ? 0 : gid);
  octal(block, 124, 12, size > MOST_LARGE ? 0 : size);
  octal(block, 136, 12, seconds < 0n || seconds > MOST_LARGE ? 0 : Number(seconds));
  block.write(type, 156, 'latin1');
  target.copy(block, 157, 0, LINK_BYTES);
  block.write('ustar\x0000', 257, 'latin1');
  octal(block, 329, 8, device?.major ?? 0);
  octal(block, 337, 8, device?.minor ?? 0);
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\x00 `, 148, 'latin1');
  return block;
}

function octal(block: Buffer, at: number, width: number, value: number): void {
  block.write(value.toString(8).padStart(width - 1, '0'), at, 'latin1');
}

/** `LENGTH KEY=VALUE\n`, where the length counts its own digits. */
function record(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([text(length), rest]);
}

function folderName(path: Buffer): Buffer {
  return path.length === 0 ? Buffer.from('./') : Buffer.concat([path, Buffer.from('/')]);
}

function text(value: number | string): Buffer {
  return Buffer.from(String(value));
}

function isAscii(bytes: Buffer): boolean {
  return bytes.every(byte => byte < 0x80);
}

function floorSeconds(ns: bigint): bigint {
  const seconds = ns / NS_PER_SECOND;
  return ns < 0n && seconds * NS_PER_SECOND !== ns ? seconds - 1n : seconds;
}

function decimalSeconds(ns: bigint): string {
  const sign = ns < 0n ? '-' : '';
  const size = ns < 0n ? -ns : ns;
  const fraction = String(size % NS_PER_SECOND)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `${sign}${size / NS_PER_SECOND}${fraction === '' ? '' : `.${fraction}`}`;
}
