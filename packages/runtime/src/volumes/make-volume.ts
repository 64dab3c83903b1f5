import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { randomBytes, removeTree } from '@tinyd/native';
import { syncFolder, systemCode, writeUnread } from '../atomic-file';
import { recordEvents } from '../events/journal';
import { MAKING_PREFIX, REMOVING_PREFIX, type RuntimeLayout } from '../layout';
import type { HostFolder } from '../options';
import { checkVolumeName, volumeLayout, volumesDir } from './volume-layout';
import { withVolumesFolder } from './volume-lock';
import type { VolumeRecord } from './volume-record';

/** docker's label of a volume that nobody named. */
const ANONYMOUS_LABEL = 'com.docker.volume.anonymous';

/** What a volume is to be. */
export interface VolumeOptions {
  /** Undefined: an anonymous volume, 64 hexadecimal digits. */
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** ID of a `--rm` container that is to take the volume along. */
  readonly removedWith?: string;
  /** The folder of the host that it is to stand for. */
  readonly folder?: HostFolder;
}

/** A name for a volume that nobody names. */
export function anonymousVolumeName(): string {
  return randomBytes(32).toString('hex');
}

/**
 * Makes an empty volume, complete or not at all; one of that name that is there is left as it is.
 *
 * @param anonymous whether the name was made up
 * @returns false when it was there. Fails with ERR_TINYD_NAME_INVALID.
 */
export function makeVolume(
  layout: RuntimeLayout,
  name: string,
  anonymous: boolean,
  options: VolumeOptions = {},
): boolean {
  checkVolumeName(name);
  const folder = makeVolumesFolder(layout);
  const volume = volumeLayout(layout, name);
  return withVolumesFolder(folder, () => {
    if (existsSync(volume.dir)) return false;
    const record: VolumeRecord = {
      version: 1,
      name,
      driver: 'local',
      created: new Date().toISOString(),
      labels: { ...options.labels, ...(anonymous ? { [ANONYMOUS_LABEL]: '' } : {}) },
      anonymous,
      ...(options.removedWith === undefined ? {} : { removedWith: options.removedWith }),
      ...(options.folder === undefined ? {} : { folder: options.folder }),
    };
    const making = volumeLayout(layout, `${MAKING_PREFIX}${randomBytes(8).toString('hex')}`);
    const durable = options.removedWith === undefined;
    mkdirSync(making.dir, { mode: 0o700 });
    mkdirSync(making.data);
    // Whatever the umask is: containers' users work in it.
    chmodSync(making.data, 0o755);
    writeUnread(making.record, `${JSON.stringify(record, null, 2)}\n`, durable);
    if (durable) syncFolder(making.dir);
    renameSync(making.dir, join(folder, name));
    if (durable) syncFolder(folder);
    recordEvents(layout, [{ type: 'volume', action: 'create', id: name, attributes: { driver: 'local' } }]);
    return true;
  });
}

/** Makes the folder that holds the volumes; nobody but root may look into it (CVE-2021-41091). */
function makeVolumesFolder(layout: RuntimeLayout): string {
  const folder = volumesDir(layout);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** Deletes what killed commands left of volumes half made or half removed. */
export async function sweepHalfVolumes(layout: RuntimeLayout): Promise<void> {
  const folder = volumesDir(layout);
  if (!existsSync(folder)) return;
  const doomed = withVolumesFolder(folder, () => {
    for (const entry of readdirSync(folder)) {
      // Whoever makes a volume holds the folder's lock all the while.
      if (entry.startsWith(MAKING_PREFIX)) renameSync(join(folder, entry), join(folder, removingName()));
    }
    return readdirSync(folder).filter(entry => entry.startsWith(REMOVING_PREFIX));
  });
  // Another process may be deleting the same folder; what is left is for the next sweep.
  for (const entry of doomed) await removeTree(join(folder, entry)).catch(() => undefined);
}

/** A name that no reader takes for a volume. */
export function removingName(): string {
  return `${REMOVING_PREFIX}${randomBytes(8).toString('hex')}`;
}

/** Names of all volumes, sorted. */
export function volumeNames(layout: RuntimeLayout): string[] {
  try {
    return readdirSync(volumesDir(layout))
      .filter(entry => !entry.startsWith('.'))
      .sort();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}
