import { join } from 'node:path';
import { TinydError } from '@tinyd/core';
import type { RuntimeLayout } from '../layout';

/** Every path of one volume. */
export interface VolumeLayout {
  readonly name: string;
  /** Also what is locked: a flock of the folder itself. */
  readonly dir: string;
  readonly record: string;
  /** What containers mount. */
  readonly data: string;
  /** `data` is a folder of the host, which the volume stands for. */
  readonly isHostFolder?: boolean;
  /** That folder is not to be written to. */
  readonly isReadOnly?: boolean;
  /** Image content on its way into the volume, incomplete. */
  readonly copying: string;
  /** The same, complete: to be moved into `data`. */
  readonly copied: string;
}

/** The folder that holds all volumes. */
export function volumesDir(layout: Pick<RuntimeLayout, 'root'>): string {
  return join(layout.root, 'volumes');
}

/** Computes the paths of a volume. */
export function volumeLayout(layout: Pick<RuntimeLayout, 'root'>, name: string): VolumeLayout {
  const dir = join(volumesDir(layout), name);
  return {
    name,
    dir,
    record: join(dir, 'volume.json'),
    data: join(dir, '_data'),
    copying: join(dir, '.copying'),
    copied: join(dir, '.copied'),
  };
}

/** docker's grammar: two characters at least, so that no drive letter is taken for a name. */
export function isVolumeName(name: string): boolean {
  return /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name) && name.length <= 255;
}

/** Refuses what cannot be a volume's name with ERR_TINYD_NAME_INVALID. */
export function checkVolumeName(name: string): void {
  if (isVolumeName(name)) return;
  throw new TinydError(
    'ERR_TINYD_NAME_INVALID',
    `cannot use volume name ${JSON.stringify(name)}: not a volume name`,
    {
      hint: 'two or more letters, digits and any of _.-, the first a letter or digit; a host folder begins with /',
      details: { name },
    },
  );
}
