import { closeSync, constants, fstatSync, readSync, type Stats } from 'node:fs';
import { listXattrsOf, O_PATH, openBelow, readLinkOf } from '@tinyd/native';
import { systemCode } from '../atomic-file';
import { ACCESS_LIST_XATTR, type AccessList, parseAccessList } from './access-list';

/** As the kernel counts them (path_resolution(7)). */
const MAX_LINKS = 40;

/** What says who may do what with a file. */
export interface Access {
  readonly stats: Stats;
  readonly accessList?: AccessList;
}

/** A folder on the way to a file. */
export interface PassedFolder extends Access {
  readonly path: string;
}

/** Where a path leads, inside the container. */
export type Walk =
  | {
      readonly kind: 'found';
      /** Without links. */
      readonly path: string;
      readonly access: Access;
      /** Those that had to be entered, the root first. */
      readonly folders: readonly PassedFolder[];
    }
  /** `path` is the first part that is not there, or not a folder where one is needed. */
  | { readonly kind: 'missing'; readonly path: string; readonly notFolder: boolean }
  | { readonly kind: 'circle'; readonly path: string };

/** Reads up to `length` bytes at a position; fewer where the file ends. */
export type ReadAt = (position: number, length: number) => Buffer;

/**
 * The files of a container, below a descriptor of its root. The kernel resolves every path in that root, so that no link
 * leads out; nothing is executed or loaded.
 */
export class ContainerFiles {
  constructor(private readonly root: number) {}

  /** Follows a path as the kernel would, and tells what is on the way. */
  walk(path: string): Walk {
    const pending = path.split('/').reverse();
    const folders: PassedFolder[] = [];
    let at: string[] = [];
    let last = this.look('/');
    if (last.access !== undefined) folders.push({ path: '/', ...last.access });
    let links = 0;
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      if (name === '' || name === '.') continue;
      if (name === '..') {
        at = at.slice(0, -1);
        continue;
      }
      const next = `/${[...at, name].join('/')}`;
      last = this.look(next);
      if (last.access === undefined) return { kind: 'missing', path: next, notFolder: last.notFolder };
      if (last.target !== undefined) {
        if (++links > MAX_LINKS) return { kind: 'circle', path: next };
        if (last.target.startsWith('/')) at = [];
        pending.push(...last.target.split('/').reverse());
        continue;
      }
      at = [...at, name];
      if (last.access.stats.isDirectory()) folders.push({ path: next, ...last.access });
      else if (pending.some(rest => rest !== '')) return { kind: 'missing', path: next, notFolder: true };
    }
    const found = `/${at.join('/')}`;
    const { access } = this.look(found);
    if (access === undefined) return { kind: 'missing', path: found, notFolder: false };
    return { kind: 'found', path: found, access, folders };
  }

  /** Lets `use` read a regular file; undefined when there is none. */
  read<T>(path: string, use: (readAt: ReadAt, size: number) => T): T | undefined {
    let fd: number;
    try {
      // A fifo must not block the open; the kind is checked on the descriptor, after it.
      fd = openBelow(this.root, Buffer.from(path), constants.O_RDONLY | constants.O_NONBLOCK);
    } catch {
      return undefined;
    }
    try {
      const stats = fstatSync(fd);
      if (!stats.isFile()) return undefined;
      return use((position, length) => readUpTo(fd, position, length), stats.size);
    } finally {
      closeSync(fd);
    }
  }

  private look(path: string): { access?: Access; target?: string; notFolder: boolean } {
    let fd: number;
    try {
      fd = openBelow(this.root, Buffer.from(path), O_PATH | constants.O_NOFOLLOW);
    } catch (error) {
      const code = systemCode(error);
      if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG')
        return { notFolder: code === 'ENOTDIR' };
      throw error;
    }
    try {
      const stats = fstatSync(fd);
      if (!stats.isSymbolicLink()) return { access: accessOf(fd, stats), notFolder: false };
      return { access: { stats }, target: readLinkOf(fd).toString(), notFolder: false };
    } finally {
      closeSync(fd);
    }
  }
}

function accessOf(fd: number, stats: Stats): Access {
  const found = listXattrsOf(fd).find(({ name }) => name === ACCESS_LIST_XATTR);
  const accessList = found === undefined ? undefined : parseAccessList(found.value);
  return { stats, ...(accessList === undefined ? {} : { accessList }) };
}

function readUpTo(fd: number, position: number, length: number): Buffer {
  if (!Number.isSafeInteger(position) || position < 0) return Buffer.alloc(0);
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const got = readSync(fd, buffer, filled, length - filled, position + filled);
    if (got === 0) break;
    filled += got;
  }
  return buffer.subarray(0, filled);
}
