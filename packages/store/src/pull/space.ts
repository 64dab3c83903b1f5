import { statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { TinydError } from '@tinyd/core';

/** What a pull is about to put on the disk. */
export interface SpaceNeeds {
  /** Bytes of blobs that are still to come. */
  readonly downloadBytes: number;
  /** Bytes of the blobs of the layers that are to be unpacked. */
  readonly unpackBytes: number;
  readonly layers: number;
}

/** What does not compress becomes a little smaller even so: the archive's own headers are not written. */
const LEAST_RATIO = 0.9;
/** Gzip makes the files of a usual layer three times smaller. */
const USUAL_RATIO = 3;
/** A usual layer has one file per so many compressed bytes. */
const USUAL_BYTES_PER_FILE = 6 * 1024;
/** Blob, folder, record, content folder and short link. */
const INODES_PER_LAYER = 5;

/**
 * Refuses a pull that cannot fit, before its first byte: even if nothing were compressed it would have to be written once
 * as blobs and once as files.
 *
 * Fails with ERR_TINYD_STORE_SPACE, naming the mount point.
 *
 * @returns a warning when it would not fit at the usual ratio of compression.
 */
export function checkSpace(root: string, needs: SpaceNeeds): string | undefined {
  const { bavail, bsize, files, ffree } = statfsSync(root);
  const freeBytes = bavail * bsize;
  const leastBytes = needs.downloadBytes + needs.unpackBytes * LEAST_RATIO;
  const usualBytes = needs.downloadBytes + needs.unpackBytes * USUAL_RATIO;
  const leastInodes = needs.layers * INODES_PER_LAYER;
  // Some file systems (btrfs) make inodes as they need them and report none.
  const hasInodes = files === 0 || ffree >= leastInodes;
  if (leastBytes > freeBytes || !hasInodes) {
    const reason =
      leastBytes > freeBytes
        ? `it needs at least ${megabytes(leastBytes)}, ${megabytes(freeBytes)} are free`
        : `it needs at least ${leastInodes} inodes, ${ffree} are free`;
    throw spaceError(root, `cannot store the image: ${reason}`);
  }
  const usualInodes = leastInodes + Math.ceil(needs.unpackBytes / USUAL_BYTES_PER_FILE);
  if (usualBytes <= freeBytes && (files === 0 || usualInodes <= ffree)) return undefined;
  return `${mountPoint(root)} may be too small for this image: ${megabytes(freeBytes)} and ${ffree} inodes are free`;
}

/** True for the errno names of a full disk, and for the engine's refusal to fill one. */
export function isFull(code: string | undefined): boolean {
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'LIMIT';
}

/** The disk turned out to be full. `what` names what was tried. */
export function noSpace(path: string, what: string, cause: unknown): TinydError {
  return spaceError(path, `${what}: no space left`, cause);
}

function spaceError(path: string, message: string, cause?: unknown): TinydError {
  const mount = mountPoint(path);
  return new TinydError('ERR_TINYD_STORE_SPACE', `${message} on ${mount}`, {
    cause,
    hint: `free space on ${mount} (tinyd rmi, tinyd image prune), or choose another folder with --root`,
    details: { mount, path },
  });
}

/** The topmost folder above `path` that lies on the same file system. */
function mountPoint(path: string): string {
  const { dev } = statSync(path);
  let folder = path;
  for (let parent = dirname(folder); parent !== folder; parent = dirname(folder)) {
    if (statSync(parent).dev !== dev) return folder;
    folder = parent;
  }
  return folder;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
