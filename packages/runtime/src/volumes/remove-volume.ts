import { closeSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { TinydError } from '@tinyd/core';
import { removeTree } from '@tinyd/native';
import { syncFolder } from '../atomic-file';
import type { RuntimeContext } from '../context';
import { recordEvents } from '../events/journal';
import { containerIds } from '../find';
import { containerLayout } from '../layout';
import { type ContainerRecord, readRecord } from '../record';
import { removingName } from './make-volume';
import { volumeLayout, volumesDir } from './volume-layout';
import { lockVolume } from './volume-lock';

/** The containers that mount each volume, by the volume's name. Takes no lock. */
export function volumeUsers(context: RuntimeContext): Map<string, ContainerRecord[]> {
  const users = new Map<string, ContainerRecord[]>();
  for (const id of containerIds(context.layout)) {
    const record = readRecord(containerLayout(context.layout, id).record);
    for (const name of new Set(record?.volumes?.map(volume => volume.name))) {
      if (record !== undefined) users.set(name, [...(users.get(name) ?? []), record]);
    }
  }
  return users;
}

/**
 * Removes a volume and all that is in it.
 *
 * Fails with ERR_TINYD_VOLUME_NOT_FOUND, or ERR_TINYD_VOLUME_IN_USE, which names the containers.
 */
export async function removeVolume(context: RuntimeContext, name: string): Promise<void> {
  const removed = await removeUnused(context, name);
  if (removed === 'missing') throw volumeNotFound(name);
  if (removed === 'removed') return;
  throw new TinydError('ERR_TINYD_VOLUME_IN_USE', `cannot remove volume ${name}: ${usersText(removed)} it`, {
    hint: 'remove the container first, or use another volume there',
    details: { volume: name, containers: removed },
  });
}

/**
 * Removes a volume unless a container mounts it.
 *
 * @param except ID of a container whose use does not count: the one that is being removed
 * @returns what was done, or the names of the containers that use it
 */
export async function removeUnused(
  context: RuntimeContext,
  name: string,
  except?: string,
): Promise<'removed' | 'missing' | readonly string[]> {
  const volume = volumeLayout(context.layout, name);
  const lockFd = await lockVolume(volume);
  if (lockFd === undefined) return 'missing';
  const folder = volumesDir(context.layout);
  const removing = join(folder, removingName());
  try {
    // After the lock: a container that is being created with it holds the lock until it is there.
    const users = (volumeUsers(context).get(name) ?? []).filter(record => record.id !== except);
    if (users.length > 0) return users.map(record => record.name);
    renameSync(volume.dir, removing);
    syncFolder(folder);
  } finally {
    closeSync(lockFd);
  }
  await removeTree(removing);
  recordEvents(context.layout, [
    { type: 'volume', action: 'destroy', id: name, attributes: { driver: 'local' } },
  ]);
  return 'removed';
}

function usersText(names: readonly string[]): string {
  return names.length === 1 ? `container ${names.join('')} uses` : `containers ${names.join(', ')} use`;
}

/** The failure of a name that no volume has. */
export function volumeNotFound(name: string): TinydError {
  return new TinydError(
    'ERR_TINYD_VOLUME_NOT_FOUND',
    `cannot find volume ${JSON.stringify(name)}: no such volume`,
    {
      hint: 'tinyd volume ls lists them',
      details: { volume: name },
    },
  );
}

/** Removes the anonymous volumes of a container that no other one mounts, those handed on by another container too. */
export async function removeAnonymousVolumes(
  context: RuntimeContext,
  record: ContainerRecord,
): Promise<void> {
  for (const { name, anonymous, handedOn } of record.volumes ?? []) {
    if (anonymous || handedOn === true) await removeUnused(context, name, record.id);
  }
}
