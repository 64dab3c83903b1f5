import { readFileSync, statSync } from 'node:fs';
import {
  type Digest,
  type ImageConfig,
  type ManifestDocument,
  parseImageConfig,
  parseManifestDocument,
  TinydError,
} from '@tinyd/core';
import { blobPath, type StoreLayout } from '../layout';
import { messageOf, systemCode } from '../system-error';
import { writeFileDurably } from './durable-file';
import { matchesDigest } from './verify';

/** Reads and verifies a small blob; undefined when it is not there or not what its name says. */
export function findDocument(layout: StoreLayout, digest: Digest): Buffer | undefined {
  try {
    const bytes = readFileSync(blobPath(layout, digest));
    return matchesDigest(bytes, digest) ? bytes : undefined;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Reads and verifies a small blob. Fails with ERR_TINYD_STORE_INVALID. */
export function readDocument(layout: StoreLayout, digest: Digest): Buffer {
  const path = blobPath(layout, digest);
  try {
    const bytes = readFileSync(path);
    if (matchesDigest(bytes, digest)) return bytes;
  } catch (error) {
    throw damaged(path, systemCode(error) === 'ENOENT' ? 'it is missing' : messageOf(error), error);
  }
  throw damaged(path, 'its content does not match its name');
}

/** The manifest or index of that digest. Fails with ERR_TINYD_STORE_INVALID. */
export function readManifest(layout: StoreLayout, digest: Digest): ManifestDocument {
  return parsed(layout, digest, bytes => parseManifestDocument(bytes));
}

/** The image config of that digest. Fails with ERR_TINYD_STORE_INVALID. */
export function readConfig(layout: StoreLayout, digest: Digest): ImageConfig {
  return parsed(layout, digest, parseImageConfig);
}

/** Stores a small blob whose digest was verified, unless it is there. `temporary`: see {@link writeFileDurably}. */
export async function writeDocument(
  layout: StoreLayout,
  digest: Digest,
  bytes: Uint8Array,
  temporary: string,
): Promise<void> {
  const path = blobPath(layout, digest);
  if (statSync(path, { throwIfNoEntry: false })?.size === bytes.length && findDocument(layout, digest))
    return;
  await writeFileDurably(path, bytes, temporary);
}

function parsed<T>(layout: StoreLayout, digest: Digest, parse: (bytes: Uint8Array) => T): T {
  const bytes = readDocument(layout, digest);
  try {
    return parse(bytes);
  } catch (error) {
    throw damaged(blobPath(layout, digest), messageOf(error), error);
  }
}

function damaged(path: string, reason: string, cause?: unknown): TinydError {
  return new TinydError('ERR_TINYD_STORE_INVALID', `cannot read ${path}: ${reason}`, {
    cause,
    hint: 'pull the image again: only what is missing is fetched',
    details: { path },
  });
}
