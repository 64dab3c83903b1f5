import { readFileSync } from 'node:fs';
import { TinydError } from '@tinyd/core';
import { replaceFile, systemCode } from './atomic-file';
import type { CreateOptions } from './options';

/** `container.json`: what the user asked for. Never changed by a start. */
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
  readonly options: CreateOptions;
}

/** Reads a record; undefined when the container is not there (any more). */
export function readRecord(path: string): ContainerRecord | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
  const record = JSON.parse(text) as ContainerRecord;
  if (record.version !== 1) {
    throw new TinydError('ERR_TINYD_SYSTEM', `read ${path}: written by another version of tinyd`, {
      hint: 'use the version of tinyd that made the container',
      details: { path, version: record.version },
    });
  }
  return record;
}

/** Writes a record as a whole. */
export function writeRecord(path: string, record: ContainerRecord): void {
  replaceFile(path, `${JSON.stringify(record, null, 2)}\n`);
}
