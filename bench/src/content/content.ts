import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Digest } from '@tinyd/core';
import type { ImageContent, ServedBlob, ServedImage } from '@tinyd/registry';

/** The images that the jobs need, below library/. */
export const IMAGES = { small: 'busybox:latest', nginx: 'nginx:single', big: 'big:latest' } as const;
export type ImageName = keyof typeof IMAGES;

/** Where blobs lie, by digest; they stay from run to run. */
export const BLOBS = join(__dirname, '../../.cache/blobs');

/** An image of one platform: its manifest, and what that names lies in {@link BLOBS}. */
export interface StoredImage {
  readonly name: string;
  readonly mediaType: string;
  readonly manifest: string;
}

interface ManifestDocument {
  readonly config: { readonly digest: string; readonly size: number };
  readonly layers: readonly { readonly digest: string; readonly size: number }[];
}

/** Path of a blob's file. */
export function blobPath(digest: string): string {
  mkdirSync(BLOBS, { recursive: true });
  return join(BLOBS, digest.replace(':', '-'));
}

export function blobsOf(manifest: string): readonly { readonly digest: string; readonly size: number }[] {
  const { config, layers } = JSON.parse(manifest) as ManifestDocument;
  return [config, ...layers];
}

export function sha256(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Hex digest of a file that may not fit into memory. */
export async function sha256File(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return `sha256:${hash.digest('hex')}`;
}

/** Remembers images by the name of where they come from. */
export function remember(origin: string, images: readonly StoredImage[]): void {
  writeFileSync(join(BLOBS, `${origin.replace(/\W/g, '-')}.json`), JSON.stringify(images));
}

/** What {@link remember} kept, if every blob of it is still there. */
export function recall(origin: string): readonly StoredImage[] | undefined {
  const file = join(BLOBS, `${origin.replace(/\W/g, '-')}.json`);
  if (!existsSync(file)) return undefined;
  const images = JSON.parse(readFileSync(file, 'utf8')) as readonly StoredImage[];
  const whole = images.every(({ manifest }) =>
    blobsOf(manifest).every(({ digest }) => existsSync(blobPath(digest))),
  );
  return whole ? images : undefined;
}

/** An image as the registry serves it: blobs stay files. */
export function served({ name, mediaType, manifest }: StoredImage): ServedImage {
  const [repository = '', tag = ''] = name.split(':');
  const root = sha256(manifest) as Digest;
  const blobs = new Map<Digest, ServedBlob>(
    blobsOf(manifest).map(({ digest, size }) => [digest as Digest, { path: blobPath(digest), size }]),
  );
  const content: ImageContent = {
    root,
    documents: new Map([[root, { mediaType, bytes: Buffer.from(manifest) }]]),
    blobs,
  };
  return { repository: `library/${repository}`, tag, content };
}
