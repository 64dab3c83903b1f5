import { type BigIntStats, closeSync, constants, fstatSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { listXattrsOf, O_PATH, openBelow } from '@tinyd/native';
import { joinPath } from '@tinyd/tree';
import { systemCode } from '../atomic-file';
import type { RuntimeContext } from '../context';
import { layersOf } from '../rootfs/writable-layer';
import { requireContainer } from '../state/container-state';
import { type OwnLayer, ownLayer } from './own-layer';

/** One path that differs from the image. */
export interface FileChange {
  readonly kind: 'added' | 'changed' | 'deleted';
  /** Absolute in the container; bytes that are no text are replaced. */
  readonly path: string;
}

/**
 * What a container's own layer does to its image, sorted by path.
 *
 * Looks at what is in that layer, and of the image's layers only at the same names. A folder that was replaced by a new one counts
 * as changed, what it hides as deleted. Mount points that starting has made are left out.
 */
export function diffContainer(context: RuntimeContext, id: string): FileChange[] {
  const view = requireContainer(context, id);
  const lowers = layersOf(view.record).map(link => openFolder(join(context.layout.root, link)));
  const own = ownLayer(view);
  const upper = openFolder(own.folder);
  try {
    const changes = new LayerDiff(own).folder(upper, lowers, Buffer.alloc(0));
    return changes.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  } finally {
    for (const fd of [upper, ...lowers]) closeSync(fd);
  }
}

/** What the layers below show under a name: nothing, a folder made of several, or anything else. */
interface Below {
  readonly stats?: BigIntStats;
  readonly folders: readonly number[];
}

class LayerDiff {
  readonly #own: OwnLayer;

  constructor(own: OwnLayer) {
    this.#own = own;
  }

  /** Changes below one folder of the layer; `lowers` are the folders it is merged with, topmost first. */
  folder(upper: number, lowers: readonly number[], path: Buffer): FileChange[] {
    return namesIn(upper).flatMap(name => {
      const fd = openName(upper, name);
      if (fd === undefined) return [];
      const below = lookBelow(lowers, name);
      try {
        return this.#member(fd, below, joinPath(path, name));
      } finally {
        closeSync(fd);
        for (const folder of below.folders) closeSync(folder);
      }
    });
  }

  #member(fd: number, below: Below, path: Buffer): FileChange[] {
    const stats = fstatSync(fd, { bigint: true });
    const change = (kind: FileChange['kind'], at = path): FileChange => ({ kind, path: `/${at.toString()}` });
    if (isWhiteout(stats)) return below.stats === undefined ? [] : [change('deleted')];
    const kind = below.stats === undefined ? 'added' : 'changed';
    if (!stats.isDirectory()) return this.#isMountPoint(path) && stats.size === 0n ? [] : [change(kind)];
    const isReplaced = isOpaque(fd);
    const inside = this.folder(fd, isReplaced ? [] : below.folders, path);
    const names = namesIn(fd);
    if (inside.length === 0 && this.#isForMounts(path, names, stats, below.stats)) return [];
    const hidden = isReplaced ? hiddenNames(below.folders, names) : [];
    return [change(kind), ...inside, ...hidden.map(name => change('deleted', joinPath(path, name)))];
  }

  #isMountPoint(path: Buffer): boolean {
    return this.#own.mountPoints.has(path.toString());
  }

  /** An empty mount point, or a folder that is here only because mount points were made in it. */
  #isForMounts(
    path: Buffer,
    names: readonly Buffer[],
    own: BigIntStats,
    below: BigIntStats | undefined,
  ): boolean {
    if (this.#isMountPoint(path)) return true;
    if (names.length === 0 || below === undefined) return false;
    return own.mode === below.mode && own.uid === below.uid && own.gid === below.gid;
  }
}

/** Follows one name down the layers as overlayfs does. */
function lookBelow(lowers: readonly number[], name: Buffer): Below {
  const folders: number[] = [];
  let first: BigIntStats | undefined;
  for (const lower of lowers) {
    const fd = openName(lower, name);
    if (fd === undefined) continue;
    const stats = fstatSync(fd, { bigint: true });
    const isFolder = stats.isDirectory();
    if (isFolder) folders.push(fd);
    else closeSync(fd);
    // Anything else hides what lies below it, and is hidden by a folder above it.
    if (!isFolder && (folders.length > 0 || isWhiteout(stats))) break;
    first ??= stats;
    if (!isFolder || isOpaque(fd)) break;
  }
  return { ...(first && { stats: first }), folders };
}

/** Names that a folder hides which replaces others. */
function hiddenNames(lowers: readonly number[], shown: readonly Buffer[]): Buffer[] {
  const names = new Set(shown.map(name => name.toString('latin1')));
  const hidden = new Set<string>();
  const gone = new Set<string>();
  for (const lower of lowers) {
    for (const name of namesIn(lower)) {
      const key = name.toString('latin1');
      const fd = openName(lower, name);
      if (fd === undefined) continue;
      if (isWhiteout(fstatSync(fd, { bigint: true }))) gone.add(key);
      else if (!names.has(key) && !gone.has(key)) hidden.add(key);
      closeSync(fd);
    }
  }
  return [...hidden].map(name => Buffer.from(name, 'latin1'));
}

function isWhiteout(stats: BigIntStats): boolean {
  return stats.isCharacterDevice() && stats.rdev === 0n;
}

function isOpaque(fd: number): boolean {
  return listXattrsOf(fd).some(
    ({ name, value }) => name === 'trusted.overlay.opaque' && value.toString('latin1') === 'y',
  );
}

/** Undefined when it is gone: the container may be deleting files meanwhile. */
function openName(folder: number, name: Buffer): number | undefined {
  try {
    return openBelow(folder, name, O_PATH | constants.O_NOFOLLOW);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function openFolder(path: string): number {
  return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
}

function namesIn(fd: number): Buffer[] {
  return readdirSync(`/proc/self/fd/${fd}/`, { encoding: 'buffer' });
}
