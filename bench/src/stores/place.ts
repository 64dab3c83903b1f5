import { closeSync, ftruncateSync, mkdirSync, openSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { quietly } from '../measure/meter';

/** File systems on which stores are made. */
const PLACE_KINDS = ['tmpfs', 'ext4'] as const;
export type PlaceKind = (typeof PLACE_KINDS)[number];

/** A new, empty file system for one store. */
export interface Place {
  readonly path: string;
  /** Unmounts it and frees what it took. Files are never deleted one by one: that would slow the next measurement. */
  close(): void;
}

const EXT4_BYTES = 8 * 2 ** 30;

let serial = 0;

/**
 * Makes and mounts a file system in `folder`: a tmpfs, or ext4 with a journal on a loop device whose file lies in `disk`.
 */
export function makePlace(kind: PlaceKind, folder: string, disk: string, env: NodeJS.ProcessEnv): Place {
  const name = `place-${++serial}`;
  const path = join(folder, name);
  const run = (...argv: string[]) => quietly({ argv, env });
  mkdirSync(path);
  if (kind === 'tmpfs') {
    run('mount', '-t', 'tmpfs', '-o', 'size=90%', 'place', path);
    return { path, close: () => unmount(path, run) };
  }
  const image = join(disk, `${name}.ext4`);
  const descriptor = openSync(image, 'wx', 0o600);
  ftruncateSync(descriptor, EXT4_BYTES);
  closeSync(descriptor);
  // Everything written now: the kernel would otherwise zero inode tables in the background of a measurement.
  run(
    'mkfs.ext4',
    '-q',
    '-F',
    '-N',
    '200000',
    '-J',
    'size=128',
    '-E',
    'lazy_itable_init=0,lazy_journal_init=0',
    image,
  );
  run('mount', '-o', 'loop,noatime', image, path);
  run('sync', '-f', path);
  return {
    path,
    close: () => {
      unmount(path, run);
      rmSync(image, { force: true });
    },
  };
}

function unmount(path: string, run: (...argv: string[]) => string): void {
  // Engines leave mounts of their own below; a daemon that was killed cannot undo them.
  run('umount', '-R', '-l', path);
  rmdirSync(path);
}
