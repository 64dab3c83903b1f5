import { closeSync, constants, fstatSync, lstatSync, openSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { TinydError } from '@tinyd/core';
import { listXattrs } from '@tinyd/native';
import { systemCode } from '../atomic-file';

/** As the kernel counts them (path_resolution(7)). */
const MAX_LINKS = 40;

/** A folder of the merged tree: the folders it is made of, topmost first. */
type MergedFolder = readonly string[];

type Entry =
  | { readonly kind: 'folder'; readonly folder: MergedFolder }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'other'; readonly path: string };

/**
 * Opens a regular file as it will appear once `layers` are mounted as an overlay, without mounting them.
 *
 * Whiteouts (a character device 0:0), opaque folders and symbolic links mean what overlayfs makes of them; a link
 * that leads from one layer into another is followed through the merged tree, and `..` stops at its root, so that
 * no path can leave the layers. Every component is looked at by itself: the host never follows a link.
 *
 * @param layers absolute folders, topmost first: the container's upper dir, then the image's lower dirs
 * @returns a readable descriptor, undefined when nothing is there. Fails with ERR_TINYD_OPTION_INVALID when the path
 *   is something else than a regular file, or when links go round in circles.
 */
export function openInLayers(layers: readonly string[], path: string): number | undefined {
  const found = resolve(layers, path);
  if (found === undefined) return undefined;
  if (found.kind !== 'other') throw notRegular(path);
  // A fifo must not block the open; the kind is checked on the descriptor, after it.
  const fd = openSync(found.path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  if (!fstatSync(fd).isFile()) {
    closeSync(fd);
    throw notRegular(path);
  }
  return fd;
}

/**
 * The parts of a folder as it will appear once `layers` are mounted as an overlay, topmost first; undefined when there
 * is no folder at `path`. Resolved as by {@link openInLayers}.
 */
export function folderInLayers(layers: readonly string[], path: string): readonly string[] | undefined {
  const found = resolve(layers, path);
  return found?.kind === 'folder' ? found.folder : undefined;
}

function notRegular(path: string): TinydError {
  return new TinydError('ERR_TINYD_OPTION_INVALID', `cannot read ${path} of the image: not a regular file`, {
    hint: 'the image is damaged or hostile; use a numeric --user and another image',
    details: { path },
  });
}

function resolve(layers: readonly string[], path: string): Entry | undefined {
  const trail: MergedFolder[] = [];
  let current: MergedFolder = layers;
  const pending = path.split('/').reverse();
  let links = 0;
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (name === '' || name === '.') continue;
    if (name === '..') {
      current = trail.pop() ?? layers;
      continue;
    }
    const entry = entryOf(current, name);
    if (entry === undefined) return undefined;
    if (entry.kind === 'folder') {
      trail.push(current);
      current = entry.folder;
    } else if (entry.kind === 'link') {
      if (++links > MAX_LINKS) {
        throw new TinydError(
          'ERR_TINYD_OPTION_INVALID',
          `cannot read ${path} of the image: too many symbolic links`,
          {
            details: { path },
          },
        );
      }
      if (entry.target.startsWith('/')) {
        trail.length = 0;
        current = layers;
      }
      pending.push(...entry.target.split('/').reverse());
    } else {
      return pending.some(rest => rest !== '') ? undefined : entry;
    }
  }
  return { kind: 'folder', folder: current };
}

function entryOf(folder: MergedFolder, name: string): Entry | undefined {
  const merged: string[] = [];
  for (const layer of folder) {
    const path = join(layer, name);
    const stats = lstat(path);
    if (stats === undefined) continue;
    if (stats.isDirectory()) {
      merged.push(path);
      if (isOpaque(path)) break;
      continue;
    }
    // Anything else hides what lies below it, and is hidden by a folder above it.
    if (merged.length > 0 || isWhiteout(stats)) break;
    return stats.isSymbolicLink() ? { kind: 'link', target: readlinkSync(path) } : { kind: 'other', path };
  }
  return merged.length === 0 ? undefined : { kind: 'folder', folder: merged };
}

function lstat(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (systemCode(error) === 'ENOTDIR' || systemCode(error) === 'ENAMETOOLONG') return undefined;
    throw error;
  }
}

function isWhiteout(stats: Stats): boolean {
  return stats.isCharacterDevice() && stats.rdev === 0;
}

/** `trusted.` where root unpacked, `user.` where an ordinary user did (overlayfs.rst, "whiteouts and opaque directories"). */
function isOpaque(path: string): boolean {
  return listXattrs(path).some(
    ({ name, value }) =>
      (name === 'trusted.overlay.opaque' || name === 'user.overlay.opaque') &&
      value.toString('latin1') === 'y',
  );
}
