import {
  chmodSync,
  chownSync,
  fchmodSync,
  fchownSync,
  futimesSync,
  lchownSync,
  lutimesSync,
  readFileSync,
  utimesSync,
} from 'node:fs';
import { setXattrOf } from '@tinyd/native';
import { systemCode, type TreeEntry } from './entry';

/** Numeric owner and group. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Gives an open file or folder the attributes of an entry. */
export function setAttributes(fd: number, entry: TreeEntry, { uid, gid }: Owner): void {
  fchownSync(fd, uid, gid);
  // After the owner, whose change takes set-uid and capabilities away.
  fchmodSync(fd, entry.mode);
  setXattrs(fd, entry);
  futimesSync(fd, secondsOf(entry), secondsOf(entry));
}

/** The same for a symbolic link, which has no mode. */
export function setLinkAttributes(path: Buffer, entry: TreeEntry, { uid, gid }: Owner): void {
  lchownSync(path, uid, gid);
  lutimesSync(path, secondsOf(entry), secondsOf(entry));
}

/** The same for a device or fifo, which must not be opened: by the magic link of its O_PATH descriptor. */
export function setNodeAttributes(fd: number, entry: TreeEntry, { uid, gid }: Owner): void {
  const path = `/proc/self/fd/${fd}`;
  chownSync(path, uid, gid);
  chmodSync(path, entry.mode);
  utimesSync(path, secondsOf(entry), secondsOf(entry));
}

/** The mount that a descriptor was opened on (proc(5), fdinfo). */
export function mountOf(fd: number): string | undefined {
  return /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1];
}

function secondsOf({ mtimeNs }: TreeEntry): number {
  return Number(mtimeNs) / 1e9;
}

function setXattrs(fd: number, { xattrs }: TreeEntry): void {
  for (const xattr of xattrs) {
    try {
      setXattrOf(fd, xattr);
    } catch (error) {
      // The target's file system has none; as cp(1) and docker do.
      if (systemCode(error) !== 'ENOTSUP') throw error;
    }
  }
}
