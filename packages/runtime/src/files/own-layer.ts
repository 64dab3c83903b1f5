import { readFileSync } from 'node:fs';
import { systemCode } from '../atomic-file';
import type { Spec } from '../spec-types';
import type { ContainerView } from '../state/container-state';

/** The layer that a container writes to, as a folder of the host. Its names mean what overlayfs makes of them. */
export interface OwnLayer {
  /** Absolute path of the overlay's upper dir. */
  readonly folder: string;
  /** Paths without a leading slash that starting has made, empty, for mounts to go on; they are no change of the container's. */
  readonly mountPoints: ReadonlySet<string>;
}

/** Tells which layer is a container's own. */
export function ownLayer({ paths }: ContainerView): OwnLayer {
  const targets = ['/dev/console', ...mountTargets(paths.spec)].map(path => path.replace(/^\/+/, ''));
  return { folder: paths.upper, mountPoints: new Set(targets) };
}

/** A container that was never started has no specification, and no mount points. */
function mountTargets(path: string): string[] {
  try {
    const spec = JSON.parse(readFileSync(path, 'utf8')) as Spec;
    return spec.mounts.map(mount => mount.destination);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}
