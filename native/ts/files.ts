import { sys } from './sys';

/** One extended attribute, value byte-exact. */
export interface Xattr {
  readonly name: string;
  readonly value: Buffer;
}

/** Writes everything the file system of `fd` holds in memory to its disk (syncfs(2)). */
export function syncFileSystem(fd: number): Promise<void> {
  return sys().syncfs(fd);
}

/**
 * Deletes a folder and all below it, by descriptors, never following a symbolic link.
 *
 * Refuses to cross into another mount (fails with EXDEV, having removed nothing behind it). A missing path is success.
 */
export function removeTree(path: string): Promise<void> {
  return sys().removeTree(path);
}

/** All extended attributes of a file, links not followed (llistxattr(2)). */
export function listXattrs(path: string): Xattr[] {
  return sys().listXattrs(path);
}

/**
 * Opens `path` for reading as the tree below `root` sees it (openat2(2), RESOLVE_IN_ROOT, no magic links):
 * links inside the tree can lead nowhere outside it. Never blocks on a fifo.
 */
export function openInRoot(root: string, path: string): number {
  return sys().openInRoot(root, path);
}

/**
 * Reads `folder/<name>/<file>` for each of the names: undefined where there is none (any more). In one call, at a fifth of what
 * as many calls of Node's take. Fails with an errno name.
 */
export function readEach(folder: string, names: readonly string[], file: string): (string | undefined)[] {
  return sys().readEach(folder, [...names], file);
}

/**
 * For each of the names what tells this version of `folder/<name>/<file>`, or of `folder/<name>`, from any other, if it is only
 * ever replaced as a whole: time of the last change (`seconds.nanoseconds` comes first in the text), inode, size. Undefined where
 * there is none. Costs a fifth of {@link readEach}.
 */
export function identifyEach(folder: string, names: readonly string[], file = ''): (string | undefined)[] {
  return sys().identifyEach(folder, [...names], file);
}

/**
 * A time stamp may be this much older than the change that it stands for (a tick of the kernel's clock is at most 10 ms): of what
 * has only just changed, the next version may look the same.
 */
const SETTLED_SECONDS = 2;

/** Whether another version of what {@link identifyEach} looked at would surely have another identity. */
export function isSettled(identity: string, nowMs: number): boolean {
  return Number.parseFloat(identity) < nowMs / 1000 - SETTLED_SECONDS;
}
