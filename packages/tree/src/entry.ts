import type { Xattr } from '@tinyd/native';

/** What a member of a tree is. Sockets are none: they mean nothing outside the process that made them. */
export type EntryKind = 'file' | 'folder' | 'symlink' | 'hardlink' | 'char' | 'block' | 'fifo';

/** One member of a tree, on its way between folders and archives. */
export interface TreeEntry {
  /** Relative to the tree, without leading or trailing slashes; empty for the tree's own root. Bytes, as the kernel has them. */
  readonly path: Buffer;
  readonly kind: EntryKind;
  /** Permissions with set-uid, set-gid and sticky bit. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Nanoseconds since 1970. */
  readonly mtimeNs: bigint;
  /** Bytes of a file; 0 for anything else. */
  readonly size: number;
  /** A symbolic link's text, or the path in this tree of the entry that a hard link is another name of. */
  readonly target?: Buffer;
  /** Of a char or block device. */
  readonly device?: { readonly major: number; readonly minor: number };
  readonly xattrs: readonly Xattr[];
  /** A file's bytes, to be read before the next entry is asked for; no more than `size`. */
  readonly content?: AsyncIterable<Uint8Array>;
}

const SLASH = Buffer.from('/');

/** `folder/name`; `name` alone at the root of a tree. */
export function joinPath(folder: Buffer, name: Buffer): Buffer {
  if (folder.length === 0) return name;
  return name.length === 0 ? folder : Buffer.concat([folder, SLASH, name]);
}

/** A path as a file system call takes it that acts on a name in an open folder, whatever became of the folder's own. */
export function nameIn(folder: number, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`/proc/self/fd/${folder}/`), name]);
}

/** The code of a system error ('ENOENT'), undefined for anything else. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}
