import { chmodSync, chownSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerLayout } from '../layout';
import type { ContainerRecord } from '../record';

/** Name of the empty folder that stands for the layers of an image without any (overlayfs wants one). */
const NO_LAYERS = 'lower';

/**
 * Makes the folders of a container's own layer.
 *
 * The root of an overlay shows the attributes of its topmost folder, so the upper dir takes mode and owner of the
 * image's root.
 */
export function makeWritableLayer(root: string, paths: ContainerLayout, lowerDirs: readonly string[]): void {
  for (const path of [paths.upper, paths.work, paths.rootfs]) mkdirSync(path, { mode: 0o700 });
  if (lowerDirs.length === 0) mkdirSync(join(paths.dir, NO_LAYERS), { mode: 0o755 });
  const top = lowerDirs[0];
  const like = top === undefined ? undefined : statSync(join(root, top));
  chmodSync(paths.upper, (like?.mode ?? 0o755) & 0o7777);
  if (like !== undefined) chownSync(paths.upper, like.uid, like.gid);
}

/** Overlay lower dirs of a container, topmost first, relative to the root folder; never none. */
export function layersOf({ id, options }: ContainerRecord): readonly string[] {
  const { lowerDirs } = options.image;
  return lowerDirs.length === 0 ? [`containers/${id}/${NO_LAYERS}`] : lowerDirs;
}
