import { readFileSync } from 'node:fs';
import { type Digest, isDigest, TinydError } from '@tinyd/core';
import { layerFolder, layerRecordPath, type StoreLayout } from '../layout';
import { messageOf, systemCode } from '../system-error';

/** Version of the form that layer.json has. */
const SCHEMA = 1;
/** Version of what the unpack engine makes of an archive: whiteouts, implied folders, links. */
const UNPACK_VERSION = 1;

/** layer.json: what a layer folder holds and where it came from. */
export interface LayerRecord {
  readonly schema: typeof SCHEMA;
  readonly chainId: Digest;
  readonly diffId: Digest;
  /** Chain ID of the layer below. */
  readonly parent?: Digest;
  readonly blob: Digest;
  /** Bytes of the blob. */
  readonly blobSize: number;
  readonly compression: 'none' | 'gzip' | 'zstd';
  /** Sum of file sizes in bytes. */
  readonly contentBytes: number;
  readonly entries: number;
  /** Origin and repository that served the blob: `https://registry-1.docker.io/library/nginx`. */
  readonly source: string;
  readonly unpackVersion: number;
  /** ISO 8601. */
  readonly created: string;
}

/** Completes a record with what this version of tinyd writes. */
export function layerRecord(facts: Omit<LayerRecord, 'schema' | 'unpackVersion' | 'created'>): LayerRecord {
  return { schema: SCHEMA, ...facts, unpackVersion: UNPACK_VERSION, created: new Date().toISOString() };
}

/** Undefined when the layer is not in the store. Fails with ERR_TINYD_STORE_INVALID when its record is damaged. */
export function findLayer(layout: StoreLayout, chainId: Digest): LayerRecord | undefined {
  const path = layerRecordPath(layerFolder(layout, chainId));
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw damaged(path, messageOf(error), error);
  }
  try {
    const record = JSON.parse(text) as LayerRecord;
    if (record.schema !== SCHEMA || record.chainId !== chainId || !isDigest(record.blob)) {
      throw new TypeError('it does not describe this layer');
    }
    return record;
  } catch (error) {
    throw damaged(path, messageOf(error), error);
  }
}

/** Fails with ERR_TINYD_STORE_INVALID when the layer is missing or its record is damaged. */
export function readLayer(layout: StoreLayout, chainId: Digest): LayerRecord {
  const record = findLayer(layout, chainId);
  if (record !== undefined) return record;
  const folder = layerFolder(layout, chainId);
  throw new TinydError('ERR_TINYD_STORE_INVALID', `cannot use layer ${folder}: it is missing`, {
    hint: 'pull the image again: only what is missing is fetched',
    details: { path: folder, chainId },
  });
}

function damaged(path: string, reason: string, cause: unknown): TinydError {
  return new TinydError('ERR_TINYD_STORE_INVALID', `cannot read ${path}: ${reason}`, {
    cause,
    hint: 'remove the image with tinyd rmi and pull it again',
    details: { path },
  });
}
