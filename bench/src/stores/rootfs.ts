import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { quietly } from '../measure/meter';

/** An image's files as the engine's containers would see them. */
export interface MountedTree {
  readonly path: string;
  unmount(): void;
}

/** What `inspect` of docker, podman and tinyd says of an image's layers. */
export interface LayerFolders {
  readonly LowerDir?: string;
  readonly UpperDir: string;
}

let serial = 0;

/** Mounts unpacked layers read-only, as an engine does for a container. */
export function mountLayers(
  { LowerDir, UpperDir }: LayerFolders,
  folder: string,
  env: NodeJS.ProcessEnv,
): MountedTree {
  const layers = [UpperDir, ...(LowerDir?.split(':') ?? [])];
  // One layer is no overlay: the kernel wants two.
  if (layers.length === 1) return { path: UpperDir, unmount: () => {} };
  const path = join(folder, `tree-${++serial}`);
  mkdirSync(path);
  quietly({ argv: ['mount', '-t', 'overlay', '-o', `ro,lowerdir=${layers.join(':')}`, 'tree', path], env });
  return { path, unmount: () => void quietly({ argv: ['umount', path], env }) };
}
