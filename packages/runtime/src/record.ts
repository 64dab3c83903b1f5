import { dirname } from 'node:path';
import { TinydError } from '@tinyd/core';
import { readIfThere } from './atomic-file';
import type { CreateOptions, HostFolder } from './options';

/** `container.json`: what the user asked for. Changed by `rename` and `update`, never by a start. */
export interface ContainerRecord {
  /** Format of this document. */
  readonly version: 1;
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  /** RFC 3339, UTC. */
  readonly created: string;
  readonly hostname: string;
  readonly domainname?: string;
  /** `binds` includes those of `volumesFrom`. */
  readonly options: CreateOptions;
  /** What it mounts, the image's VOLUMEs and those of `volumesFrom` included. Absent: none. */
  readonly volumes?: readonly MountedVolume[];
}

/** A volume at its place in a container. */
export interface MountedVolume {
  readonly name: string;
  /** Made for this container, without a name: goes with it by `--rm` and `rm -v`. */
  readonly anonymous: boolean;
  /** Made for another container, without a name: goes with the last of both by `rm -v`, and never by `--rm`. */
  readonly handedOn?: boolean;
  readonly target: string;
  readonly readOnly: boolean;
  readonly subpath?: string;
  /** The folder of the host that it stands for. */
  readonly folder?: HostFolder;
}

/**
 * Reads a record; undefined when the container is not there (any more). An empty file is none: that is what a power
 * cut makes of a `--rm` container, whose record is not flushed. Fails with ERR_TINYD_SYSTEM when it is damaged.
 */
export function readRecord(path: string): ContainerRecord | undefined {
  const text = readIfThere(path);
  return text === undefined ? undefined : parseRecord(text, path);
}

/** The same, of a text that was read already. */
export function parseRecord(text: string, path: string): ContainerRecord | undefined {
  if (text === '') return undefined;
  const record = parse(text, path);
  if (record.version !== 1) {
    throw new TinydError('ERR_TINYD_SYSTEM', `cannot read ${path}: written by another version of tinyd`, {
      hint: 'use the version of tinyd that made the container',
      details: { path, version: record.version },
    });
  }
  return record;
}

function parse(text: string, path: string): ContainerRecord {
  try {
    return JSON.parse(text) as ContainerRecord;
  } catch (error) {
    throw new TinydError('ERR_TINYD_SYSTEM', `cannot read ${path}: not a container record`, {
      hint: `restore it, or delete the folder ${dirname(path)} if the container is not needed`,
      details: { path },
      cause: error,
    });
  }
}
