import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Descriptor,
  type Digest,
  digestAlgorithm,
  digestHex,
  isIndexType,
  isManifestType,
  parseManifestDocument,
} from '@tinyd/core';
import type { ImageContent, ServedBlob, ServedDocument } from './content';

/**
 * Reads the images of a folder in OCI image layout (image-spec image-layout.md); blobs stay files.
 *
 * @returns one image per entry of index.json, by its name annotation, or by its digest where it has none.
 *
 * Fails with ERR_TINYD_DOCUMENT_INVALID and the file system's errors.
 */
export async function readLayout(path: string): Promise<Map<string, ImageContent>> {
  const index = parseManifestDocument(await readFile(join(path, 'index.json')));
  const images = new Map<string, ImageContent>();
  const entries = index.kind === 'index' ? index.document.manifests : [];
  for (const entry of entries) {
    const documents = new Map<Digest, ServedDocument>();
    const blobs = new Map<Digest, ServedBlob>();
    await collect(path, entry, documents, blobs);
    const name = entry.annotations?.['org.opencontainers.image.ref.name'] ?? entry.digest;
    images.set(name, { root: entry.digest, documents, blobs });
  }
  return images;
}

async function collect(
  path: string,
  { digest, mediaType }: Descriptor,
  documents: Map<Digest, ServedDocument>,
  blobs: Map<Digest, ServedBlob>,
): Promise<void> {
  const file = join(path, 'blobs', digestAlgorithm(digest), digestHex(digest));
  if (!isIndexType(mediaType) && !isManifestType(mediaType)) {
    const found = await stat(file).catch(() => undefined);
    if (found !== undefined) blobs.set(digest, { path: file, size: found.size });
    return;
  }
  const bytes = await readFile(file).catch(() => undefined);
  // An index may list platforms that were never copied.
  if (bytes === undefined || documents.has(digest)) return;
  documents.set(digest, { mediaType, bytes });
  const parsed = parseManifestDocument(bytes, mediaType);
  const below =
    parsed.kind === 'index' ? parsed.document.manifests : [parsed.document.config, ...parsed.document.layers];
  for (const descriptor of below) await collect(path, descriptor, documents, blobs);
}
