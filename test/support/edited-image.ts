import { createHash } from 'node:crypto';
import type { Digest } from '@tinyd/core';
import type { ImageContent, ServedDocument } from '@tinyd/registry';

/** A JSON document under the test's hands. */
export type EditableDocument = Record<string, unknown>;

/** Changes to an image that no honest builder would make. */
export interface ImageEdits {
  readonly config?: (config: EditableDocument) => EditableDocument;
  readonly manifest?: (manifest: EditableDocument) => EditableDocument;
}

/** Rewrites the documents of a single-platform image; digests that point to what changed are made to fit. */
export function editImage(content: ImageContent, edits: ImageEdits): ImageContent {
  const root = content.documents.get(content.root);
  if (root === undefined) throw new Error('the image has no manifest');
  const blobs = new Map(content.blobs);
  const manifest = parse(root.bytes);
  const config = manifest.config as { mediaType: string; digest: Digest };
  const before = blobs.get(config.digest);
  if (!(before instanceof Uint8Array)) throw new Error('the image has no config');
  const after = encode(edits.config?.(parse(before)) ?? parse(before));
  const digest = sha256(after);
  blobs.set(digest, after);
  const repointed = { ...manifest, config: { ...config, digest, size: after.length } };
  const bytes = encode(edits.manifest?.(repointed) ?? repointed);
  const document: ServedDocument = { mediaType: root.mediaType, bytes };
  return { root: sha256(bytes), documents: new Map([[sha256(bytes), document]]), blobs };
}

/** The layers of a single-platform image, bottom first. */
export function layersOf(content: ImageContent): { readonly digest: Digest; readonly size: number }[] {
  const root = content.documents.get(content.root);
  return (parse(root?.bytes ?? new Uint8Array()).layers ?? []) as { digest: Digest; size: number }[];
}

export function sha256(bytes: Uint8Array | string): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
}

function parse(bytes: Uint8Array): EditableDocument {
  return JSON.parse(Buffer.from(bytes).toString()) as EditableDocument;
}

function encode(document: EditableDocument): Buffer {
  return Buffer.from(JSON.stringify(document));
}
