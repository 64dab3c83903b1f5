import { spawnSync } from 'node:child_process';
import { type ImageProcessConfig, MEDIA_TYPES, type Platform } from '@tinyd/core';
import { type LayerSource, makeImage } from '@tinyd/registry';
import { type Header, pack } from 'tar-stream';

/** One entry of a layer: a tar header, and what is in the file. */
export interface LayerEntry extends Pick<Header, 'name'>, Partial<Omit<Header, 'name'>> {
  readonly content?: string | Uint8Array;
}

/** A layer by its entries, or by a tar that the test made itself. */
export interface LayerDescription {
  readonly entries?: readonly LayerEntry[];
  readonly tar?: Uint8Array;
  /** Default: gzip. */
  readonly compression?: 'gzip' | 'none' | 'zstd';
}

/** What an image is built of. */
export interface ImageDescription {
  readonly layers: readonly LayerDescription[];
  readonly config?: ImageProcessConfig;
  readonly platform?: Platform;
  readonly dialect?: 'oci' | 'docker';
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Builds a small image in memory, to be given to serveRegistry. Several make an index with makeIndex. */
export async function buildImage(description: ImageDescription): Promise<ReturnType<typeof makeImage>> {
  const { layers, ...rest } = description;
  return makeImage({ ...rest, layers: await Promise.all(layers.map(layerSource)) });
}

/** A tar of some entries; owner root, mode 0644 or 0755 for folders, a fixed time, unless they say otherwise. */
export async function tarOf(entries: readonly LayerEntry[]): Promise<Buffer> {
  const tar = pack();
  for (const { content, ...header } of entries) {
    const mode = header.type === 'directory' ? 0o755 : 0o644;
    const complete = { mode, mtime: new Date(1_700_000_000_000), uid: 0, gid: 0, ...header };
    if (content === undefined) tar.entry(complete);
    else tar.entry(complete, Buffer.from(content));
  }
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function layerSource({
  entries = [],
  tar,
  compression = 'gzip',
}: LayerDescription): Promise<LayerSource> {
  const bytes = tar ?? (await tarOf(entries));
  if (compression !== 'zstd') return { tar: bytes, compression };
  const zstd = spawnSync('zstd', ['-q', '-c'], { input: bytes, maxBuffer: 1 << 30 });
  if (zstd.status !== 0) throw new Error(`zstd failed: ${zstd.error?.message ?? zstd.stderr}`);
  return { tar: bytes, compression: { bytes: zstd.stdout, mediaType: MEDIA_TYPES.ociLayerZstd } };
}
