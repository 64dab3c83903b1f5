import { closeSync, constants, fstatSync, openSync, statfsSync } from 'node:fs';
import { resolve } from 'node:path';
import { TinydError } from '@tinyd/core';
import { joinPath, packTree, readTar, type TreeEntry, walkTree, writeTree } from '@tinyd/tree';
import type { RuntimeContext } from '../context';
import { requireContainer } from '../state/container-state';
import { openSource, openTarget, type Place, type Source, type Target } from './place';
import { withFiles } from './view';

/** Takes the bytes of an archive, one piece after the other. */
export type ArchiveSink = (chunk: Uint8Array) => void | Promise<void>;

/** A copy out of a container. */
export interface CopyFromOptions {
  /** Path in the container; relative to its root. `SRC/.` means what is in the folder. */
  readonly source: string;
  /** Path on the host, or what takes a tar archive. */
  readonly target: string | ArchiveSink;
  /** Copy what a link at the end of `source` leads to. */
  readonly followLink?: boolean;
  /** Keep the numeric owners; they become the caller's otherwise, as in docker. An archive always has them. */
  readonly keepOwners?: boolean;
}

/** A copy into a container. Owners, modes and times are kept. */
export interface CopyToOptions {
  /** Path on the host, or a tar archive; the latter goes into a folder that exists. */
  readonly source: string | AsyncIterable<Uint8Array>;
  /** Path in the container, relative to its root. */
  readonly target: string;
  readonly followLink?: boolean;
}

/**
 * Copies files out of a container, running or not.
 *
 * Fails with ERR_TINYD_COPY_SOURCE, ERR_TINYD_COPY_TARGET, ERR_TINYD_SYSTEM and those of {@link withFiles}.
 *
 * @returns bytes of file content
 */
export function copyFrom(context: RuntimeContext, id: string, options: CopyFromOptions): Promise<number> {
  const { name } = requireContainer(context, id).record;
  const { target, followLink = false } = options;
  return withFiles(context, id, 'mounts', async root => {
    const place = { root, path: options.source, shown: `${name}:${options.source}` };
    const source = openSource(place, followLink);
    try {
      refuseKernelState(source, place.shown);
      if (typeof target !== 'string') return await packInto(target, source);
      const owner = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
      return await onHost(target, host => put(source, host, options.keepOwners === true ? undefined : owner));
    } finally {
      closeSync(source.fd);
    }
  });
}

/** Copies files into a container, running or not. Errors and result as of {@link copyFrom}. */
export async function copyTo(context: RuntimeContext, id: string, options: CopyToOptions): Promise<number> {
  const { name } = requireContainer(context, id).record;
  const { source, followLink = false } = options;
  const shown = `${name}:${options.target}`;
  const into = (root: number): Place => ({ root, path: options.target, shown });
  if (typeof source !== 'string') {
    return withFiles(context, id, 'mounts', root => extractInto(into(root), source));
  }
  return onHost(source, async host => {
    const opened = openSource(host, followLink);
    try {
      return await withFiles(context, id, 'mounts', root => put(opened, into(root), undefined));
    } finally {
      closeSync(opened.fd);
    }
  });
}

async function onHost<T>(path: string, action: (place: Place) => Promise<T>): Promise<T> {
  const root = openSync('/', constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    // resolve() cuts off what tells a folder.
    const tail = /(^|\/)\.$/.test(path) ? '/.' : path.endsWith('/') ? '/' : '';
    return await action({ root, path: `${resolve(path)}${tail}`, shown: path });
  } finally {
    closeSync(root);
  }
}

async function put(
  source: Source,
  place: Place,
  owner: { readonly uid: number; readonly gid: number } | undefined,
): Promise<number> {
  const target = openTarget(place, source.isFolder);
  try {
    const name = nameFor(source, target, place);
    const path = Buffer.from(name);
    const entries = walkTree({ fd: source.fd, path, wantsXattr: isCopied, leavesOut: notOfFiles(path) });
    // A folder that is there keeps its own attributes when only what is in another one joins it.
    const wanted = name === '' ? withoutRoot(entries) : entries;
    const shown = target.name === undefined ? place.shown : place.shown.replace(/[^/:]*\/*$/, '');
    return await writeTree(wanted, { folder: target.folder, shown, ...(owner && { owner }) });
  } finally {
    closeSync(target.folder);
  }
}

/** What the source is called below the target's folder. */
function nameFor(source: Source, target: Target, place: Place): string {
  if (target.name === undefined) return source.contentOnly ? '' : source.name;
  if (source.isFolder && target.exists) {
    throw new TinydError(
      'ERR_TINYD_COPY_TARGET',
      `cannot copy a directory to ${place.shown}: a file is there`,
      {
        hint: 'name a directory, or a path that does not exist',
        details: { path: place.shown },
      },
    );
  }
  return target.name;
}

async function packInto(sink: ArchiveSink, source: Source): Promise<number> {
  const path = Buffer.from(source.contentOnly ? '' : source.name);
  const entries = walkTree({ fd: source.fd, path, wantsXattr: isCopied, leavesOut: notOfFiles(path) });
  let bytes = 0;
  for await (const chunk of packTree(entries)) {
    await sink(chunk);
    bytes += chunk.length;
  }
  return bytes;
}

async function extractInto(place: Place, archive: AsyncIterable<Uint8Array>): Promise<number> {
  const target = openTarget(place, false);
  try {
    if (target.name !== undefined) {
      throw new TinydError('ERR_TINYD_COPY_TARGET', `cannot extract to ${place.shown}: it is no directory`, {
        hint: 'an archive goes into a directory that exists',
        details: { path: place.shown },
      });
    }
    return await writeTree(fromOutside(readTar(archive)), { folder: target.folder, shown: place.shown });
  } finally {
    closeSync(target.folder);
  }
}

async function* withoutRoot(entries: AsyncIterable<TreeEntry>): AsyncGenerator<TreeEntry> {
  for await (const entry of entries) if (entry.path.length > 0) yield entry;
}

/** An archive may name attributes that are not its own to set. */
async function* fromOutside(entries: AsyncIterable<TreeEntry>): AsyncGenerator<TreeEntry> {
  for await (const entry of withoutRoot(entries))
    yield { ...entry, xattrs: entry.xattrs.filter(({ name }) => isCopied(name)) };
}

/** File systems that show the kernel's state (statfs(2)): proc, sysfs, cgroup, cgroup2, devpts, mqueue. */
const STATE_OF_THE_KERNEL = [0x9fa0, 0x62656572, 0x27e0eb, 0x63677270, 0x1cd1, 0x19800202];
const TMPFS = 0x01021994;

/**
 * What lies on the way of a copy that begins above it, and is no file of the container's: /proc, /sys and /dev. They are
 * copied as empty folders, as in docker.
 */
function notOfFiles(top: Buffer): (fd: number, path: Buffer) => boolean {
  const devices = joinPath(top, Buffer.from('dev'));
  return (fd, path) => {
    const type = fileSystemOf(fd);
    return STATE_OF_THE_KERNEL.includes(type) || (type === TMPFS && path.equals(devices));
  };
}

/** Its files say that they are empty, and would be copied so. */
function refuseKernelState({ fd }: Source, shown: string): void {
  // A link on such a file system has no other content than where it leads.
  if (fstatSync(fd).isSymbolicLink() || !STATE_OF_THE_KERNEL.includes(fileSystemOf(fd))) return;
  throw new TinydError(
    'ERR_TINYD_COPY_SOURCE',
    `cannot copy ${shown}: it shows the kernel's state and is no file`,
    {
      hint: 'read it inside: tinyd exec CONTAINER cat PATH',
      details: { path: shown },
    },
  );
}

function fileSystemOf(fd: number): number {
  return statfsSync(`/proc/self/fd/${fd}`).type;
}

/** Attributes that mean the same elsewhere; labels and what file systems keep for themselves do not. */
export function isCopied(name: string): boolean {
  return name.startsWith('user.') || name === 'security.capability' || name.startsWith('system.posix_acl_');
}
