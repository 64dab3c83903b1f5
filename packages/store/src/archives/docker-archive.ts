import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import {
  type Descriptor,
  type Digest,
  LIMITS,
  MEDIA_TYPES,
  parseDigest,
  parseImageConfig,
  parseJson,
  type Reference,
} from '@tinyd/core';
import type { ArchiveContent, ArchivedImage } from './archive-content';
import type { ArchiveFile, ArchiveFiles } from './archive-files';
import { readSmall } from './archive-files';
import { compressionOf, MAGIC_BYTES } from './compression';
import { parseImageName } from './image-name';
import { invalidArchive, shown } from './invalid-archive';

/** The list of contents of an archive of docker's (moby image/spec/v1.2.md). */
export const DOCKER_MANIFEST = 'manifest.json';

/** One image of {@link DOCKER_MANIFEST}. */
export interface DockerImage {
  readonly configName: string;
  readonly imageId: Digest;
  readonly layerNames: readonly string[];
  readonly names: readonly Reference[];
}

export function isDockerArchive(files: ArchiveFiles): boolean {
  return files.follow(DOCKER_MANIFEST) !== undefined;
}

/** Reads manifest.json. Fails with ERR_TINYD_ARCHIVE_INVALID or ERR_TINYD_DOCUMENT_INVALID. */
export function readDockerImages(files: ArchiveFiles): DockerImage[] {
  const { label } = files;
  const list = parseJson(
    readSmall(files, DOCKER_MANIFEST, LIMITS.manifestBytes),
    DOCKER_MANIFEST,
    LIMITS.manifestBytes,
  );
  if (!Array.isArray(list) || list.length === 0)
    throw invalidArchive(label, 'its manifest.json lists no images');
  return list.map((item: unknown) => {
    const { Config, Layers, RepoTags } = (item ?? {}) as Record<string, unknown>;
    const layerNames = Layers ?? [];
    const names = RepoTags ?? [];
    if (typeof Config !== 'string' || !isTexts(layerNames) || !Array.isArray(names)) {
      throw invalidArchive(label, 'its manifest.json describes an image without Config, Layers or RepoTags');
    }
    if (layerNames.length > LIMITS.layers)
      throw invalidArchive(label, `it has more than ${LIMITS.layers} layers`);
    const imageId = sha256Of(readSmall(files, Config, LIMITS.configBytes));
    return { configName: Config, imageId, layerNames, names: names.map(name => parseImageName(label, name)) };
  });
}

/**
 * Reads an archive that has no OCI index: each image gets a manifest, made of its config and of its layers as they are.
 *
 * @param files computed the SHA-256 of each.
 */
export function readDockerArchive(files: ArchiveFiles): ArchiveContent {
  const documents = new Map<Digest, Uint8Array>();
  const blobs = new Map<Digest, ArchiveFile>();
  const images = readDockerImages(files).map(({ configName, layerNames, names }): ArchivedImage => {
    const config = blobOf(files, configName, MEDIA_TYPES.ociConfig, blobs);
    parseImageConfig(readFileSync(files.find(configName)?.path ?? ''));
    const layers = layerNames.map(name => blobOf(files, name, undefined, blobs));
    const mediaType = MEDIA_TYPES.ociManifest;
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config, layers }));
    const digest = sha256Of(bytes);
    documents.set(digest, bytes);
    return { target: { mediaType, digest, size: bytes.length }, names };
  });
  return { label: files.label, images, documents, blob: digest => blobs.get(digest) };
}

/** The file as a blob. @param mediaType of a layer it is told by the first bytes. */
function blobOf(
  files: ArchiveFiles,
  name: string,
  mediaType: string | undefined,
  blobs: Map<Digest, ArchiveFile>,
): Descriptor {
  const file = mediaType === undefined ? files.follow(name) : files.find(name);
  if (file?.sha256 === undefined) throw invalidArchive(files.label, `it has no file ${shown(name)}`);
  blobs.set(file.sha256, file);
  return { mediaType: mediaType ?? layerType(files.label, name, file), digest: file.sha256, size: file.size };
}

function layerType(label: string, name: string, { path }: ArchiveFile): string {
  const compression = compressionOf(firstBytes(path));
  if (compression === 'none') return MEDIA_TYPES.ociLayer;
  if (compression === 'gzip') return MEDIA_TYPES.ociLayerGzip;
  if (compression === 'zstd') return MEDIA_TYPES.ociLayerZstd;
  throw invalidArchive(label, `its layer ${shown(name)} is compressed as ${compression}`);
}

function firstBytes(path: string): Buffer {
  const fd = openSync(path, 'r');
  try {
    const head = Buffer.alloc(MAGIC_BYTES);
    return head.subarray(0, readSync(fd, head));
  } finally {
    closeSync(fd);
  }
}

function sha256Of(bytes: Uint8Array): Digest {
  return parseDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(item => typeof item === 'string');
}
