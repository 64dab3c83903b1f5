import { closeSync, constants, openSync } from 'node:fs';
import { TinydError } from '@tinyd/core';
import { joinPath, type TreeEntry, walkTree } from '@tinyd/tree';

/** A folder that an overlay writes to, to be made a layer. */
export interface ChangedFolder {
  /** Absolute path of the overlay's upper dir. */
  readonly folder: string;
  /** Paths in it, without a leading slash, that are left out while they are empty: what mounts were put on. */
  readonly mountPoints: ReadonlySet<string>;
}

const WHITEOUT = Buffer.from('.wh.');
const OPAQUE = Buffer.from('.wh..wh..opq');

/**
 * The entries of a layer archive: what overlayfs marks by devices and attributes becomes `.wh.` files (image-spec layer.md,
 * "Whiteouts"). Always in the same order.
 *
 * @param latestNs later times are set back to this one.
 * Fails with ERR_TINYD_LAYER_INVALID for a name that a layer cannot hold.
 */
export async function* layerEntries(
  { folder, mountPoints }: ChangedFolder,
  latestNs?: bigint,
): AsyncGenerator<TreeEntry> {
  const fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const unfilled = new Map<string, TreeEntry>();
    for await (const walked of walkTree({ fd, wantsXattr: isKept })) {
      const entry = clamped(walked, latestNs);
      const path = entry.path.toString();
      if (mountPoints.has(path) && entry.size === 0) {
        if (entry.kind === 'folder') unfilled.set(path, entry);
        continue;
      }
      yield* filledFolders(unfilled, path);
      yield* translated(entry);
    }
  } finally {
    closeSync(fd);
  }
}

/** Mount points that turn out to have something in them, outermost first. */
function* filledFolders(unfilled: Map<string, TreeEntry>, path: string): Generator<TreeEntry> {
  for (const [folder, entry] of unfilled) {
    if (!path.startsWith(`${folder}/`)) continue;
    unfilled.delete(folder);
    yield* translated(entry);
  }
}

function* translated(entry: TreeEntry): Generator<TreeEntry> {
  const { parent, name } = splitPath(entry.path);
  if (name.subarray(0, WHITEOUT.length).equals(WHITEOUT)) throw unstorable(entry.path);
  const marker = (path: Buffer): TreeEntry => {
    const { uid, gid, mtimeNs } = entry;
    return { path, kind: 'file', mode: 0, uid, gid, mtimeNs, size: 0, xattrs: [] };
  };
  if (entry.kind === 'char' && entry.device?.major === 0 && entry.device.minor === 0) {
    yield marker(joinPath(parent, Buffer.concat([WHITEOUT, name])));
    return;
  }
  const isOpaque = entry.xattrs.some(
    xattr =>
      isOverlays(xattr.name) && xattr.name.endsWith('.opaque') && xattr.value.toString('latin1') === 'y',
  );
  yield { ...entry, xattrs: entry.xattrs.filter(xattr => !isOverlays(xattr.name)) };
  if (isOpaque) yield marker(joinPath(entry.path, OPAQUE));
}

/** What overlayfs keeps for itself is read for its meaning, and never stored. */
function isKept(name: string): boolean {
  return (
    name.startsWith('user.') ||
    name === 'security.capability' ||
    name.startsWith('system.posix_acl_') ||
    name === 'trusted.overlay.opaque'
  );
}

function isOverlays(name: string): boolean {
  return name.startsWith('trusted.overlay.') || name.startsWith('user.overlay.');
}

function clamped(entry: TreeEntry, latestNs: bigint | undefined): TreeEntry {
  return latestNs !== undefined && entry.mtimeNs > latestNs ? { ...entry, mtimeNs: latestNs } : entry;
}

function splitPath(path: Buffer): { parent: Buffer; name: Buffer } {
  const slash = path.lastIndexOf('/');
  return { parent: path.subarray(0, Math.max(0, slash)), name: path.subarray(slash + 1) };
}

function unstorable(path: Buffer): TinydError {
  const shown = `/${path.toString()}`;
  return new TinydError(
    'ERR_TINYD_LAYER_INVALID',
    `cannot make a layer: ${JSON.stringify(shown)} would be read as the removal of another file`,
    {
      hint: 'rename it in the container: layers cannot hold names that begin with .wh.',
      details: { path: shown },
    },
  );
}
