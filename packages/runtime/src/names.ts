import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { TinydError } from '@tinyd/core';
import { lockNow, removeTree, tryLock } from '@tinyd/native';
import { systemCode } from './atomic-file';
import { idOfName } from './find';
import { generateName } from './generated-names';
import { MAKING_PREFIX, REMOVING_PREFIX, type RuntimeLayout } from './layout';

/** A container being made: its folder has a name that no reader takes for a container, and its lock is held. */
export interface Claim {
  readonly name: string;
  /** `containers/.tmp-<id>`, to be renamed when complete. */
  readonly dir: string;
  readonly lockFd: number;
}

/**
 * Claims a name and a folder for a new container.
 *
 * The claim is the symbolic link `names/<name>`; it is made under a lock, since links of containers that were never
 * finished are replaced on the way. Fails with ERR_TINYD_NAME_TAKEN, which names the holder.
 */
export function claimName(layout: RuntimeLayout, id: string, wanted: string | undefined): Claim {
  return withNamesLock(layout, () => {
    const dir = join(layout.containers, `${MAKING_PREFIX}${id}`);
    mkdirSync(dir, { mode: 0o700 });
    const lockFd = openSync(join(dir, 'lock'), 'wx', 0o600);
    lockNow(lockFd, 'exclusive');
    try {
      return { name: linkName(layout, id, wanted), dir, lockFd };
    } catch (error) {
      closeSync(lockFd);
      unlinkSync(join(dir, 'lock'));
      throw error;
    }
  });
}

function linkName(layout: RuntimeLayout, id: string, wanted: string | undefined): string {
  for (let attempt = 0; ; attempt++) {
    const name = wanted ?? generateName(attempt);
    const holder = idOfName(layout, name);
    if (holder !== undefined && isAlive(layout, holder)) {
      if (wanted === undefined) continue;
      throw new TinydError(
        'ERR_TINYD_NAME_TAKEN',
        `use name ${name}: container ${holder.slice(0, 12)} has it`,
        {
          hint: `remove that container (tinyd rm ${name}) or choose another name`,
          details: { name, holder },
        },
      );
    }
    const link = join(layout.names, name);
    if (holder !== undefined) unlinkSync(link);
    symlinkSync(join('..', 'containers', id), link);
    return name;
  }
}

/** Whether the holder of a name is a container, or one that somebody is making right now. */
function isAlive(layout: RuntimeLayout, id: string): boolean {
  // In this order: one that is finished between the two looks is found by the second.
  return (
    isBeingMade(join(layout.containers, `${MAKING_PREFIX}${id}`)) || existsSync(join(layout.containers, id))
  );
}

function isBeingMade(dir: string): boolean {
  let fd: number;
  try {
    fd = openSync(join(dir, 'lock'), 'r+');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
  try {
    return !tryLock(fd, 'exclusive');
  } finally {
    closeSync(fd);
  }
}

/** Deletes the link of a name if it still stands for `id`. */
export function releaseName(layout: RuntimeLayout, name: string, id: string): void {
  withNamesLock(layout, () => {
    if (idOfName(layout, name) === id) unlinkSync(join(layout.names, name));
  });
}

/**
 * Deletes what killed commands left: containers that were never complete, or not completely removed, and their names.
 *
 * Folders are told from those of living commands by their lock. Failures are left to the next command: another
 * process may be deleting the same folder.
 */
export async function sweepStaleHalves(layout: RuntimeLayout): Promise<void> {
  const doomed = withNamesLock(layout, () => {
    const entries = readdirSync(layout.containers);
    for (const entry of entries) {
      const path = join(layout.containers, entry);
      if (!entry.startsWith(MAKING_PREFIX) || isBeingMade(path)) continue;
      moveAside(path, join(layout.containers, REMOVING_PREFIX + entry.slice(MAKING_PREFIX.length)));
    }
    const removing = readdirSync(layout.containers).filter(entry => entry.startsWith(REMOVING_PREFIX));
    if (removing.length > 0) unlinkDanglingNames(layout);
    return removing;
  });
  for (const entry of doomed) {
    await removeTree(join(layout.containers, entry)).catch(() => undefined);
  }
}

/** A folder that is gone was finished by its maker after it was listed. */
function moveAside(path: string, to: string): void {
  try {
    renameSync(path, to);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}

function unlinkDanglingNames(layout: RuntimeLayout): void {
  for (const name of readdirSync(layout.names)) {
    const id = idOfName(layout, name);
    if (id !== undefined && !isAlive(layout, id)) unlinkSync(join(layout.names, name));
  }
}

/** Makes the folders that hold containers; nobody but root may look into them (CVE-2021-41103). */
export function makeRuntimeFolders(layout: RuntimeLayout): void {
  for (const path of [layout.root, layout.state, layout.containers, layout.names, layout.runs]) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  }
}

function withNamesLock<T>(layout: RuntimeLayout, body: () => T): T {
  const fd = openSync(layout.namesLock, 'a', 0o600);
  try {
    lockNow(fd, 'exclusive');
    return body();
  } finally {
    closeSync(fd);
  }
}
