import {
  type Descriptor,
  type Digest,
  digestAlgorithm,
  digestHex,
  isIndexType,
  LIMITS,
  MEDIA_TYPES,
  parseJson,
  parseManifestDocument,
  type Reference,
} from '@tinyd/core';
import { REF_NAME } from '../images/entry';
import type { ArchiveContent, ArchivedImage } from './archive-content';
import { type ArchiveFile, type ArchiveFiles, readSmall } from './archive-files';
import { parseImageName } from './image-name';
import { invalidArchive } from './invalid-archive';

/** Where docker and containerd put the whole name; ref.name is then the tag alone. */
export const CONTAINERD_NAME = 'io.containerd.image.name';
const MARKER = 'oci-layout';
const INDEX = 'index.json';

/** True when the files are an OCI image layout (image-spec image-layout.md). */
export function isOciLayout(files: ArchiveFiles): boolean {
  return files.find(MARKER) !== undefined && files.find(INDEX) !== undefined;
}

/** `blobs/sha256/<hex>`. */
export function layoutBlobName(digest: Digest): string {
  return `blobs/${digestAlgorithm(digest)}/${digestHex(digest)}`;
}

/** Reads the images of an OCI image layout. Fails with ERR_TINYD_ARCHIVE_INVALID or ERR_TINYD_DOCUMENT_INVALID. */
export function readOciLayout(files: ArchiveFiles): ArchiveContent {
  const { label } = files;
  const marker = parseJson(readSmall(files, MARKER, LIMITS.manifestBytes), MARKER, LIMITS.manifestBytes);
  const version = (marker as { imageLayoutVersion?: unknown } | null)?.imageLayoutVersion;
  if (version !== '1.0.0') throw invalidArchive(label, 'its OCI layout has a version other than 1.0.0');
  const index = parseManifestDocument(readSmall(files, INDEX, LIMITS.manifestBytes), MEDIA_TYPES.ociIndex);
  if (index.kind !== 'index') throw invalidArchive(label, 'its index.json is no index');
  const images = new Map<Digest, { readonly target: Descriptor; readonly names: Reference[] }>();
  for (const descriptor of index.document.manifests) {
    if (!isImage(descriptor)) continue;
    const image = images.get(descriptor.digest) ?? { target: bare(descriptor), names: [] };
    image.names.push(...namesOf(label, descriptor));
    images.set(descriptor.digest, image);
  }
  return {
    label,
    images: [...images.values()],
    documents: new Map(),
    blob: digest => files.find(layoutBlobName(digest)),
  };
}

/**
 * The configs of all images that an entry of the layout leads to. Images of an index that are not there are left out:
 * docker writes the index of all platforms beside the one image.
 */
export function reachableConfigs(content: ArchiveContent, { target }: ArchivedImage): Set<Digest> {
  const configs = new Set<Digest>();
  const visit = (descriptor: Descriptor, depth: number) => {
    const file = content.blob(descriptor.digest);
    if (file === undefined || depth > LIMITS.indexDepth) return;
    const { kind, document } = parseManifestDocument(readBlob(content, file), descriptor.mediaType);
    if (kind === 'manifest') configs.add(document.config.digest);
    else for (const child of document.manifests.filter(isImage)) visit(child, depth + 1);
  };
  visit(target, 0);
  return configs;
}

function readBlob({ label }: ArchiveContent, file: ArchiveFile): Buffer {
  return readSmall({ label, find: () => file, follow: () => file }, file.path, LIMITS.manifestBytes);
}

/** False for attestations and other artifacts beside the images. */
function isImage({ mediaType, artifactType, annotations }: Descriptor): boolean {
  if (artifactType !== undefined || annotations?.['vnd.docker.reference.type'] !== undefined) return false;
  return (
    isIndexType(mediaType) ||
    mediaType === MEDIA_TYPES.ociManifest ||
    mediaType === MEDIA_TYPES.dockerManifest
  );
}

/** The descriptor without what only index.json says of it. */
function bare({ mediaType, digest, size, platform }: Descriptor): Descriptor {
  return { mediaType, digest, size, ...(platform && { platform }) };
}

/** A ref.name that is a tag alone says nothing of the repository: the image has no name then. */
function namesOf(label: string, { annotations }: Descriptor): Reference[] {
  const full = annotations?.[CONTAINERD_NAME];
  const short = annotations?.[REF_NAME];
  if (full !== undefined) return [parseImageName(label, full)];
  if (short === undefined || !/[/:]/.test(short)) return [];
  return [parseImageName(label, short)];
}
