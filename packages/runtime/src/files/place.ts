import { closeSync, constants, fstatSync } from 'node:fs';
import { posix } from 'node:path';
import { TinydError } from '@tinyd/core';
import { O_PATH, openBelow, readLinkOf } from '@tinyd/native';
import { systemCode } from '../atomic-file';

/** As the kernel counts them (path_resolution(7)). */
const MAX_LINKS = 40;

/** A root folder and a path in it; `shown` names it in messages: `web:/srv`. */
export interface Place {
  readonly root: number;
  readonly path: string;
  readonly shown: string;
}

/** What is to be copied. The caller closes `fd`. */
export interface Source {
  /** O_PATH. */
  readonly fd: number;
  /** What it is called where it is put into a folder; empty for a root. */
  readonly name: string;
  readonly isFolder: boolean;
  /** `SRC/.`: what is in the folder, without the folder itself. */
  readonly contentOnly: boolean;
}

/** Where something is to be copied to. The caller closes `folder`. */
export interface Target {
  /** O_PATH of a folder: the target itself, or the one that holds it. */
  readonly folder: number;
  /** Name of the target in that folder; undefined: the folder is the target. */
  readonly name?: string;
  /** With a name: whether something other than a folder is there. */
  readonly exists: boolean;
}

/**
 * Opens what a path means as a source, by docker's rules: a trailing slash, or `/.`, asks for a folder, and follows a link to
 * it; otherwise a link is copied as such unless `followLink`.
 *
 * Fails with ERR_TINYD_COPY_SOURCE.
 */
export function openSource(place: Place, followLink: boolean): Source {
  const { root, path, shown } = place;
  const asFolder = meansFolder(path);
  const flags = O_PATH | (asFolder || followLink ? 0 : constants.O_NOFOLLOW);
  let fd: number;
  try {
    fd = openBelow(root, bytesOf(path), flags);
  } catch (error) {
    throw refused('ERR_TINYD_COPY_SOURCE', `cannot copy ${shown}`, error);
  }
  const stats = fstatSync(fd);
  const isFolder = stats.isDirectory();
  if (stats.isSocket()) {
    closeSync(fd);
    throw failure(
      'ERR_TINYD_COPY_SOURCE',
      `cannot copy ${shown}: it is a socket`,
      shown,
      'sockets cannot be copied',
    );
  }
  if (asFolder && !isFolder) {
    closeSync(fd);
    throw failure(
      'ERR_TINYD_COPY_SOURCE',
      `cannot copy ${shown}: not a directory`,
      shown,
      'leave the final slash out',
    );
  }
  const name = posix.basename(posix.resolve('/', path));
  return { fd, name, isFolder, contentOnly: isFolder && (name === '' || /(^|\/)\.$/.test(path)) };
}

/**
 * Finds where a path leads as a target. A link at its end is followed, also to what does not exist yet; nothing is made.
 *
 * Fails with ERR_TINYD_COPY_TARGET when the folder that is to hold it is missing, or when a final slash asks for a folder
 * and something else is there, or nothing that `makesFolder` would make.
 *
 * @param makesFolder whether what is copied becomes a folder of that name
 */
export function openTarget(place: Place, makesFolder: boolean): Target {
  const { root, shown } = place;
  const asFolder = meansFolder(place.path);
  let path = place.path;
  for (let links = 0; links <= MAX_LINKS; links++) {
    const { parent, name } = splitLast(path);
    if (name === undefined) return { folder: openFolder(root, path, shown), exists: true };
    const folder = openFolder(root, parent, shown);
    const link = lookAt(folder, name, shown);
    if (link === 'folder') {
      closeSync(folder);
      return { folder: openFolder(root, path, shown), exists: true };
    }
    if (typeof link === 'string') {
      if (!asFolder || (link === 'missing' && makesFolder)) return { folder, name, exists: link === 'file' };
      closeSync(folder);
      if (link === 'file') throw notFolder(shown);
      throw failure('ERR_TINYD_COPY_TARGET', `cannot copy to ${shown}: no such directory`, shown, MAKE_IT);
    }
    closeSync(folder);
    path = link.target.startsWith('/') ? link.target : `${parent}/${link.target}`;
  }
  throw failure(
    'ERR_TINYD_COPY_TARGET',
    `cannot copy to ${shown}: too many symbolic links`,
    shown,
    'use another path',
  );
}

const MAKE_IT = 'make the directory first, or leave the final slash out';

/** The last part of a path, undefined where it names a folder by itself. */
function splitLast(path: string): { parent: string; name?: string } {
  const trimmed = path.replace(/\/+$/, '');
  const at = trimmed.lastIndexOf('/');
  const name = trimmed.slice(at + 1);
  if (name === '' || name === '.' || name === '..') return { parent: path };
  return { parent: at <= 0 ? '/' : trimmed.slice(0, at), name };
}

/** What a name in a folder is, without following it. */
function lookAt(
  folder: number,
  name: string,
  shown: string,
): 'folder' | 'file' | 'missing' | { readonly target: string } {
  let fd: number;
  try {
    fd = openBelow(folder, Buffer.from(name), O_PATH | constants.O_NOFOLLOW);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 'missing';
    throw refused('ERR_TINYD_COPY_TARGET', `cannot copy to ${shown}`, error);
  }
  try {
    const stats = fstatSync(fd);
    if (stats.isSymbolicLink()) return { target: readLinkOf(fd).toString() };
    return stats.isDirectory() ? 'folder' : 'file';
  } finally {
    closeSync(fd);
  }
}

function openFolder(root: number, path: string, shown: string): number {
  try {
    return openBelow(root, bytesOf(path), O_PATH | constants.O_DIRECTORY);
  } catch (error) {
    throw refused('ERR_TINYD_COPY_TARGET', `cannot copy to ${shown}`, error);
  }
}

function meansFolder(path: string): boolean {
  return /(^|\/)\.?$/.test(path);
}

function bytesOf(path: string): Buffer {
  return Buffer.from(path === '' ? '.' : path);
}

function notFolder(shown: string): TinydError {
  return failure(
    'ERR_TINYD_COPY_TARGET',
    `cannot copy to ${shown}: not a directory`,
    shown,
    'leave the final slash out',
  );
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  ENOTDIR: 'a part of the path is not a directory',
  ELOOP: 'too many symbolic links, or a link of /proc',
  ENAMETOOLONG: 'the name is too long',
};

function refused(
  code: 'ERR_TINYD_COPY_SOURCE' | 'ERR_TINYD_COPY_TARGET',
  tried: string,
  cause: unknown,
): TinydError {
  const reason = REASONS[systemCode(cause) ?? ''] ?? (cause as Error).message;
  return new TinydError(code, `${tried}: ${reason}`, { hint: 'check the path', cause });
}

function failure(
  code: 'ERR_TINYD_COPY_SOURCE' | 'ERR_TINYD_COPY_TARGET',
  message: string,
  path: string,
  hint: string,
): TinydError {
  return new TinydError(code, message, { hint, details: { path } });
}
