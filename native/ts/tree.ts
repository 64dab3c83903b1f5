import type { Xattr } from './files';
import { sys } from './sys';

/**
 * Calls for trees that somebody else may be changing. Paths and names are bytes: file names need not be text.
 * Descriptors may be O_PATH ones.
 */

/** O_PATH of open(2), which node's constants lack; the number is the same on x86-64 and arm64. */
export const O_PATH = 0o10000000;

/**
 * Opens `path` as a process whose root is `root` would (openat2(2), RESOLVE_IN_ROOT, no magic links): no link leads
 * out of the tree. Close-on-exec is set.
 *
 * @param flags as for open(2)
 */
export function openBelow(root: number, path: Uint8Array, flags: number, mode = 0): number {
  return sys().openBelow(root, path, flags, mode);
}

/** The text of the symbolic link that a descriptor refers to. */
export function readLinkOf(link: number): Buffer {
  return sys().readLinkOf(link);
}

/** Makes a device or a fifo in a folder (mknodat(2)). `mode` holds type and permissions, subject to the umask. */
export function makeNode(
  folder: number,
  name: Uint8Array,
  mode: number,
  device: { readonly major: number; readonly minor: number },
): void {
  sys().makeNode(folder, name, mode, device.major, device.minor);
}

/** All extended attributes of what a descriptor refers to. */
export function listXattrsOf(file: number): Xattr[] {
  return sys().listXattrsOf(file);
}

/** Sets one extended attribute of what a descriptor refers to. */
export function setXattrOf(file: number, { name, value }: Xattr): void {
  sys().setXattrOf(file, name, value);
}

/**
 * Waits for one message on a socket, with the descriptor that came along (SCM_RIGHTS), or -1. An empty message: the
 * sender closed silently.
 */
export function receiveDescriptor(socket: number): { readonly fd: number; readonly message: Buffer } {
  return sys().receiveDescriptor(socket);
}
