import { TinydError } from '@tinyd/core';
import { readIfThere } from '../atomic-file';
import type { RuntimeLayout } from '../layout';
import type { HostFolder } from '../options';
import { type VolumeLayout, volumeLayout } from './volume-layout';

/** `volume.json`. Never changed after the volume was made. */
export interface VolumeRecord {
  /** Format of this document. */
  readonly version: 1;
  readonly name: string;
  readonly driver: 'local';
  /** RFC 3339, UTC. */
  readonly created: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Nobody gave it a name: goes with `rm -v` and `volume prune`. */
  readonly anonymous: boolean;
  /** ID of the `--rm` container that takes the volume along when it ends. */
  readonly removedWith?: string;
  /** The folder of the host that it stands for; `_data` stays empty then. */
  readonly folder?: HostFolder;
}

/** Reads a record; undefined when there is no such volume. Fails with ERR_TINYD_SYSTEM when it is damaged. */
export function readVolumeRecord(path: string): VolumeRecord | undefined {
  const text = readIfThere(path);
  // Empty: what a power cut makes of a volume that was not flushed, since it was to go with its container.
  if (text === undefined || text === '') return undefined;
  try {
    const record = JSON.parse(text) as VolumeRecord;
    if (record.version === 1) return record;
  } catch (error) {
    throw damaged(path, 'not a volume record', error);
  }
  throw damaged(path, 'written by another version of tinyd');
}

/** The paths of a volume, `data` being the folder of the host that it stands for, if it does. */
export function contentLayout(layout: Pick<RuntimeLayout, 'root'>, name: string): VolumeLayout {
  const volume = volumeLayout(layout, name);
  const folder = readVolumeRecord(volume.record)?.folder;
  if (folder === undefined) return volume;
  return { ...volume, data: folder.path, isHostFolder: true, isReadOnly: folder.readOnly };
}

function damaged(path: string, why: string, cause?: unknown): TinydError {
  return new TinydError('ERR_TINYD_SYSTEM', `cannot read ${path}: ${why}`, {
    hint: 'restore it from a backup; the content of the volume lies beside it in _data',
    details: { path },
    cause,
  });
}
