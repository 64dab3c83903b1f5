import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  read as readFile,
} from 'node:fs';
import { listXattrsOf, O_PATH, openBelow, readLinkOf, type Xattr } from '@tinyd/native';
import { type EntryKind, joinPath, systemCode, type TreeEntry } from './entry';

const CHUNK_BYTES = 256 * 1024;

/** How a tree is walked. */
export interface WalkOptions {
  /** Path of the first entry in the result. */
  readonly path?: Buffer;
  /** Do not go into folders of other file systems, whose own entries are given. */
  readonly oneFileSystem?: boolean;
  /** Told of each folder on another file system than the first entry: true gives the folder without what is in it. */
  readonly leavesOut?: (fd: number, path: Buffer) => boolean;
  /** Which extended attributes to read; none by default. */
  readonly wantsXattr?: (name: string) => boolean;
  /** Follow symbolic links below: never. The first entry is what `fd` refers to. */
  readonly fd: number;
}

/**
 * Walks a tree by descriptors, each folder before what is in it, names in order of their bytes.
 *
 * Every member is opened once, by its name in an open folder and never through a link; type, attributes and content are
 * those of what was opened, whatever is put in its place meanwhile. What vanishes while it is walked is left out.
 * Devices and fifos are described, not opened. Names of one file become hard links to the first of them.
 */
export async function* walkTree(options: WalkOptions): AsyncGenerator<TreeEntry> {
  const stats = fstatSync(options.fd, { bigint: true });
  yield* new TreeWalk(options, stats.dev).visit(options.fd, options.path ?? Buffer.alloc(0), stats);
}

class TreeWalk {
  readonly #options: WalkOptions;
  readonly #device: bigint;
  /** First paths of files with several names, by device and inode. */
  readonly #seen = new Map<string, Buffer>();

  constructor(options: WalkOptions, device: bigint) {
    this.#options = options;
    this.#device = device;
  }

  async *visit(fd: number, path: Buffer, stats: BigIntStats): AsyncGenerator<TreeEntry> {
    const kind = kindOf(stats);
    if (kind === undefined) return;
    const entry = this.#describe(fd, path, stats, kind);
    if (kind === 'file' && entry.kind === 'file') yield* withContent(entry, fd);
    else yield entry;
    if (kind !== 'folder') return;
    if (stats.dev !== this.#device) {
      if (this.#options.oneFileSystem === true || this.#options.leavesOut?.(fd, path) === true) return;
    }
    for (const name of namesIn(fd)) yield* this.#member(fd, name, joinPath(path, name));
  }

  async *#member(folder: number, name: Buffer, path: Buffer): AsyncGenerator<TreeEntry> {
    let fd: number;
    try {
      fd = openBelow(folder, name, O_PATH | constants.O_NOFOLLOW);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return;
      throw error;
    }
    try {
      yield* this.visit(fd, path, fstatSync(fd, { bigint: true }));
    } finally {
      closeSync(fd);
    }
  }

  #describe(fd: number, path: Buffer, stats: BigIntStats, kind: EntryKind): TreeEntry {
    const facts = {
      path,
      mode: Number(stats.mode) & 0o7777,
      uid: Number(stats.uid),
      gid: Number(stats.gid),
      mtimeNs: stats.mtimeNs,
      xattrs: this.#xattrs(fd),
    };
    const first = this.#firstName(path, stats, kind);
    if (first !== undefined) return { ...facts, kind: 'hardlink', size: 0, target: first };
    if (kind === 'symlink') return { ...facts, kind, size: 0, target: readLinkOf(fd) };
    if (kind === 'char' || kind === 'block')
      return { ...facts, kind, size: 0, device: numbersOf(stats.rdev) };
    return { ...facts, kind, size: kind === 'file' ? Number(stats.size) : 0 };
  }

  #firstName(path: Buffer, { nlink, dev, ino }: BigIntStats, kind: EntryKind): Buffer | undefined {
    // Devices stay what they are: overlayfs marks all that was deleted by names of one of them.
    if (kind === 'folder' || kind === 'char' || nlink < 2n) return undefined;
    const key = `${dev}:${ino}`;
    const first = this.#seen.get(key);
    if (first === undefined) this.#seen.set(key, path);
    return first;
  }

  #xattrs(fd: number): readonly Xattr[] {
    const { wantsXattr } = this.#options;
    if (wantsXattr === undefined) return [];
    try {
      const found = listXattrsOf(fd).filter(({ name }) => wantsXattr(name));
      return found.sort((a, b) => (a.name < b.name ? -1 : 1));
    } catch (error) {
      // A file system without them, or a kind of file that has none.
      if (systemCode(error) === 'ENOTSUP' || systemCode(error) === 'EPERM') return [];
      throw error;
    }
  }
}

/** Gives the entry of a file, and closes what its reader had open once the next is asked for. */
async function* withContent(entry: TreeEntry, fd: number): AsyncGenerator<TreeEntry> {
  // By the magic link of our own descriptor: the very file that was looked at.
  const readable = openSync(`/proc/self/fd/${fd}`, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    yield { ...entry, content: bytesOf(readable, entry.size) };
  } finally {
    closeSync(readable);
  }
}

async function* bytesOf(fd: number, size: number): AsyncGenerator<Uint8Array> {
  for (let left = size; left > 0; ) {
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, left));
    const count = await readSome(fd, buffer);
    if (count === 0) return;
    left -= count;
    yield buffer.subarray(0, count);
  }
}

function readSome(fd: number, buffer: Buffer): Promise<number> {
  return new Promise((resolve, reject) =>
    readFile(fd, buffer, 0, buffer.length, null, (error, count) => (error ? reject(error) : resolve(count))),
  );
}

function namesIn(fd: number): Buffer[] {
  return readdirSync(`/proc/self/fd/${fd}/`, { encoding: 'buffer' }).sort(Buffer.compare);
}

/** Undefined for a socket. */
export function kindOf(stats: BigIntStats): Exclude<EntryKind, 'hardlink'> | undefined {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'folder';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isCharacterDevice()) return 'char';
  if (stats.isBlockDevice()) return 'block';
  return stats.isFIFO() ? 'fifo' : undefined;
}

/** As the kernel packs them into st_rdev (makedev(3)). */
function numbersOf(device: bigint): { major: number; minor: number } {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn);
  return { major: Number(major), minor: Number(minor & 0xffffffffn) };
}
