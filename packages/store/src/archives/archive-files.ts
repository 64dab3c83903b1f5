import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Digest, digestAlgorithm } from '@tinyd/core';
import { fileMatchesDigest } from '../content/verify';
import { invalidArchive, shown } from './invalid-archive';

/** One regular file of an archive, on the disk. */
export interface ArchiveFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Where it was computed on the way. */
  readonly sha256?: Digest;
}

/** The files of an image archive, or of a folder that holds the same. Names are relative, without `.` and `..`. */
export interface ArchiveFiles {
  /** What messages call it. */
  readonly label: string;
  /** Undefined for a name that is no regular file there. */
  find(name: string): ArchiveFile | undefined;
  /** As {@link find}; also through a symbolic link that stays inside: docker before 25 wrote equal layers so. */
  follow(name: string): ArchiveFile | undefined;
}

/** A folder as an archive. Nothing in it is reached through links. */
export function folderFiles(folder: string): ArchiveFiles {
  const find = (name: string): ArchiveFile | undefined => {
    const parts = name.split('/');
    if (parts.some(part => part === '' || part === '.' || part === '..')) return undefined;
    const path = join(folder, name);
    const isInFolders = parts
      .slice(0, -1)
      .every((_, index) => isFolder(join(folder, ...parts.slice(0, index + 1))));
    const stat = isInFolders ? lstatSync(path, { throwIfNoEntry: false }) : undefined;
    return stat?.isFile() ? { path, size: stat.size } : undefined;
  };
  return { label: folder, find, follow: find };
}

/** Reads a small file whole. Fails with ERR_TINYD_ARCHIVE_INVALID. */
export function readSmall(files: ArchiveFiles, name: string, limitBytes: number): Buffer {
  const file = files.find(name);
  if (file === undefined) throw invalidArchive(files.label, `it has no file ${shown(name)}`);
  if (file.size > limitBytes) {
    throw invalidArchive(files.label, `${shown(name)} has ${file.size} bytes, more than ${limitBytes}`);
  }
  return readFileSync(file.path);
}

/** True when the file is what `digest` names. */
export function fileHasDigest(file: ArchiveFile, digest: Digest): boolean | Promise<boolean> {
  if (file.sha256 !== undefined && digestAlgorithm(digest) === 'sha256') return file.sha256 === digest;
  return fileMatchesDigest(file.path, digest);
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
