import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../atomic-file';
import type { RuntimeContext } from '../context';
import type { ArchiveSink } from '../files/copy';
import type { InspectDocument } from '../lifecycle/inspect-document';
import type { HostFolder } from '../options';
import { exportVolume, importVolume } from './archive-volume';
import {
  anonymousVolumeName,
  makeVolume,
  sweepHalfVolumes,
  type VolumeOptions,
  volumeNames,
} from './make-volume';
import { removeUnused, removeVolume, volumeNotFound, volumeUsers } from './remove-volume';
import { isVolumeName, volumeLayout } from './volume-layout';
import { contentLayout, readVolumeRecord, type VolumeRecord } from './volume-record';

/** Everything that a row of `volume ls` shows, in a typed form. */
export interface VolumeSummary {
  readonly name: string;
  readonly driver: 'local';
  /** RFC 3339. */
  readonly created: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly anonymous: boolean;
  /** Absolute path of its data on the host. */
  readonly mountpoint: string;
  /** Names of the containers that mount it, whether they run or not. */
  readonly containers: readonly string[];
}

/** The volumes of one root folder. Holds nothing open. */
export class Volumes {
  readonly #context: RuntimeContext;

  constructor(context: RuntimeContext) {
    this.#context = context;
  }

  /**
   * Makes an empty volume; one of that name that is there is left as it is, as docker does.
   *
   * @returns its name. Fails with ERR_TINYD_NAME_INVALID.
   */
  async create(options: VolumeOptions = {}): Promise<string> {
    await sweepHalfVolumes(this.#context.layout);
    const name = options.name ?? anonymousVolumeName();
    makeVolume(this.#context.layout, name, options.name === undefined, options);
    return name;
  }

  /** All volumes, by name. Takes no lock. */
  list(): VolumeSummary[] {
    const users = volumeUsers(this.#context);
    return volumeNames(this.#context.layout).flatMap(name => {
      const record = readVolumeRecord(volumeLayout(this.#context.layout, name).record);
      return record === undefined ? [] : [this.#summary(record, users.get(name) ?? [])];
    });
  }

  /** The document of `tinyd volume inspect`, with docker's keys. Fails with ERR_TINYD_VOLUME_NOT_FOUND. */
  inspect(name: string): InspectDocument {
    const record = this.#record(name);
    return {
      CreatedAt: record.created,
      Driver: record.driver,
      Labels: Object.keys(record.labels).length === 0 ? null : record.labels,
      Mountpoint: record.folder?.path ?? volumeLayout(this.#context.layout, record.name).data,
      Name: record.name,
      Options: record.folder === undefined ? null : optionsOf(record.folder),
      Scope: 'local',
    };
  }

  /** Removes a volume. Fails with ERR_TINYD_VOLUME_NOT_FOUND or ERR_TINYD_VOLUME_IN_USE. */
  async remove(name: string): Promise<void> {
    this.#record(name);
    await sweepHalfVolumes(this.#context.layout);
    await removeVolume(this.#context, name);
  }

  /** Bytes of the files in a volume; 0 for one that is not there, or that stands for a folder of the host. */
  size(name: string): number {
    return contentBytes(volumeLayout(this.#context.layout, name).data);
  }

  /**
   * Removes a volume unless a container uses it by now.
   *
   * @returns the bytes that were in it, undefined when it stays
   */
  async removeUnused(name: string): Promise<number | undefined> {
    const bytes = this.size(name);
    return (await removeUnused(this.#context, name)) === 'removed' ? bytes : undefined;
  }

  /** Writes what is in a volume as a tar archive. See {@link exportVolume} for the errors. */
  async export(name: string, sink: ArchiveSink): Promise<void> {
    await exportVolume(contentLayout(this.#context.layout, this.#record(name).name), sink);
  }

  /** Fills an empty volume from a tar archive, or leaves it empty. See {@link importVolume} for the errors. */
  async import(name: string, archive: AsyncIterable<Uint8Array>): Promise<void> {
    await importVolume(contentLayout(this.#context.layout, this.#record(name).name), archive);
  }

  #record(name: string): VolumeRecord {
    const known = isVolumeName(name) && volumeLayout(this.#context.layout, name).record;
    const record = known === false ? undefined : readVolumeRecord(known);
    if (record === undefined) throw volumeNotFound(name);
    return record;
  }

  #summary(record: VolumeRecord, users: readonly { readonly name: string }[]): VolumeSummary {
    return {
      name: record.name,
      driver: record.driver,
      created: record.created,
      labels: record.labels,
      anonymous: record.anonymous,
      mountpoint: record.folder?.path ?? volumeLayout(this.#context.layout, record.name).data,
      containers: users.map(user => user.name),
    };
  }
}

/** In docker's words. */
function optionsOf({ path, recursive, readOnly }: HostFolder): Readonly<Record<string, string>> {
  const words = [recursive ? 'rbind' : 'bind', ...(readOnly ? ['ro'] : [])];
  return { device: path, o: words.join(','), type: 'none' };
}

/** Bytes of the files in a folder; a file with several names counts once. */
function contentBytes(folder: string, seen = new Set<number>()): number {
  let total = 0;
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        total += contentBytes(path, seen);
        continue;
      }
      const stats = lstatSync(path, { throwIfNoEntry: false });
      if (stats?.isFile() !== true || seen.has(stats.ino)) continue;
      seen.add(stats.ino);
      total += stats.size;
    }
  } catch (error) {
    // Something else may be deleting files while we look.
    if (systemCode(error) !== 'ENOENT') throw error;
  }
  return total;
}
