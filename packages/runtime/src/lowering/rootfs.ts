import { relative } from 'node:path';
import { TinydError } from '@tinyd/core';
import type { ContainerLayout, RuntimeFolders } from '../layout';
import type { RootfsPlan } from '../plan/container';

/** mount(2) takes one page of options, its terminating NUL included. */
const MAX_OPTIONS = 4095;

/**
 * The overlay of a container: its upper dir over the image's lower dirs, all relative to the root folder.
 *
 * Renamed folders are copied up rather than redirected, so that each layer means the same without the kernel.
 */
export function lowerRootfs(
  folders: RuntimeFolders,
  paths: ContainerLayout,
  lowerDirs: readonly string[],
): RootfsPlan {
  const inRoot = (path: string) => relative(folders.root, path);
  const overlayOptions = [
    `lowerdir=${lowerDirs.join(':')}`,
    `upperdir=${inRoot(paths.upper)}`,
    `workdir=${inRoot(paths.work)}`,
    'redirect_dir=off',
    'metacopy=off',
    'index=off',
  ].join(',');
  if (Buffer.byteLength(overlayOptions) > MAX_OPTIONS) {
    throw new TinydError(
      'ERR_TINYD_START_FAILED',
      `cannot mount the root of container ${paths.id.slice(0, 12)}: ${lowerDirs.length} layers are more than one mount takes`,
      { hint: 'rebuild the image with fewer layers', details: { layers: lowerDirs.length } },
    );
  }
  return { workingDir: folders.root, overlayOptions, target: paths.rootfs };
}
