import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { TinydError } from '@tinyd/core';
import { lockNow, removeTree, tryLock } from '@tinyd/native';
import { removeFile, syncFolder, systemCode } from './atomic-file';
import { idOfName, isNameOf } from './find';
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
      rmSync(dir, { recursive: true });
      throw error;
    }
  });
}

function linkName(layout: RuntimeLayout, id: string, wanted: string | undefined): string {
  for (let attempt = 0; ; attempt++) {
    const name = wanted ?? generateName(attempt);
    const holder = idOfName(layout, name);
    if (holder !== undefined && isHeld(layout, name, holder)) {
      if (wanted === undefined) continue;
      throw nameTaken(name, holder);
    }
    makeLink(layout, name, id);
    return name;
  }
}

/** Replaces a link that stands for nobody. */
function makeLink(layout: RuntimeLayout, name: string, id: string): void {
  const link = join(layout.names, name);
  removeFile(link);
  symlinkSync(join('..', 'containers', id), link);
}

function nameTaken(name: string, holder: string): TinydError {
  return new TinydError(
    'ERR_TINYD_NAME_TAKEN',
    `cannot use name ${name}: container ${holder.slice(0, 12)} has it`,
    {
      hint: `remove that container (tinyd rm ${name}) or choose another name`,
      details: { name, holder },
    },
  );
}

/**
 * Moves a container from one name to another; `record` writes the new name into its record as a whole, which is the
 * moment when readers see it. Killed before that, the new link, after it, the old one stands for nobody: the names lock
 * is held all the time, so that others who hold it can tell.
 *
 * Fails with ERR_TINYD_NAME_TAKEN; the container then has its old name and nothing else.
 */
export function moveName(
  layout: RuntimeLayout,
  id: string,
  names: { readonly from: string; readonly to: string },
  record: () => void,
): void {
  withNamesLock(layout, () => {
    const holder = idOfName(layout, names.to);
    if (holder !== undefined && isHeld(layout, names.to, holder)) throw nameTaken(names.to, holder);
    makeLink(layout, names.to, id);
    try {
      record();
    } catch (error) {
      unlinkSync(join(layout.names, names.to));
      throw error;
    }
    removeFile(join(layout.names, names.from));
    syncFolder(layout.names);
  });
}

/** Whether a link stands for a name: its container is there, and does not go by another name. */
function isHeld(layout: RuntimeLayout, name: string, id: string): boolean {
  return isAlive(layout, id) && isNameOf(layout, name, id);
}

/** Whether the holder of a name is a container, or one that somebody is making right now. */
function isAlive(layout: RuntimeLayout, id: string): boolean {
  // In this order: one that is finished between the two looks is found by the second.
  return (
    isBeingMade(join(layout.containers, `${MAKING_PREFIX}${id}`)) || existsSync(join(layout.containers, id))
  );
}

/** Whether somebody makes the container of this folder right now. */
export function isBeingMade(dir: string): boolean {
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
    if (idOfName(layout, name) === id) removeFile(join(layout.names, name));
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
      if (!entry.startsWith(MAKING_PREFIX)) continue;
      const path = join(layout.containers, entry);
      if (isBeingMade(path)) continue;
      moveAside(path, join(layout.containers, REMOVING_PREFIX + entry.slice(MAKING_PREFIX.length)));
    }
    const removing = readdirSync(layout.containers).filter(entry => entry.startsWith(REMOVING_PREFIX));
    // The lock's file is one more; a name more than containers is what a rename that was killed left.
    const isSurplus = readdirSync(layout.names).length - 1 > entries.length;
    if (removing.length > 0 || isSurplus) unlinkDanglingNames(layout);
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
    // Not unlinkSync: a monitor removes the name of its --rm container without our lock.
    if (id !== undefined && !isHeld(layout, name, id)) removeFile(join(layout.names, name));
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
