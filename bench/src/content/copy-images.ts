import { createWriteStream, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { blobPath, blobsOf, IMAGES, type StoredImage, sha256File } from './content';

const MANIFEST_TYPES = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
];
const INDEX_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];

interface IndexDocument {
  readonly manifests: readonly {
    readonly digest: string;
    readonly platform?: { readonly os: string; readonly architecture: string };
  }[];
}

/** True when a registry answers over plain HTTP. */
export async function answers(registry: string): Promise<boolean> {
  try {
    return (await fetch(`http://${registry}/v2/`, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}

/** Copies the benchmark's images out of a registry, so that one and the same process serves them to all. */
export async function copyImages(registry: string): Promise<readonly StoredImage[]> {
  const images: StoredImage[] = [];
  for (const name of Object.values(IMAGES)) {
    const [repository = '', tag = ''] = name.split(':');
    const base = `http://${registry}/v2/library/${repository}`;
    const image = await fetchManifest(base, tag);
    for (const { digest, size } of blobsOf(image.manifest)) await copyBlob(base, digest, size);
    images.push({ name, ...image });
  }
  return images;
}

async function get(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const response = await fetch(url, { headers });
  if (!response.ok) throw new Error(`cannot fetch ${url}: status ${response.status}`);
  return response;
}

async function fetchManifest(base: string, reference: string): Promise<Omit<StoredImage, 'name'>> {
  const response = await get(`${base}/manifests/${reference}`, {
    accept: [...MANIFEST_TYPES, ...INDEX_TYPES].join(', '),
  });
  const mediaType = response.headers.get('content-type') ?? '';
  const manifest = await response.text();
  if (!INDEX_TYPES.includes(mediaType)) return { mediaType, manifest };
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const entry = (JSON.parse(manifest) as IndexDocument).manifests.find(
    ({ platform }) => platform?.os === 'linux' && platform.architecture === architecture,
  );
  if (entry === undefined) throw new Error(`${base}: no image for linux/${architecture}`);
  return fetchManifest(base, entry.digest);
}

async function copyBlob(base: string, digest: string, size: number): Promise<void> {
  const path = blobPath(digest);
  if (existsSync(path) && statSync(path).size === size) return;
  const response = await get(`${base}/blobs/${digest}`);
  const temporary = `${path}.${process.pid}`;
  await pipeline(Readable.fromWeb(response.body as ReadableStream), createWriteStream(temporary));
  if ((await sha256File(temporary)) !== digest) {
    rmSync(temporary);
    throw new Error(`${base}/blobs/${digest} is not what its digest says`);
  }
  renameSync(temporary, path);
}
