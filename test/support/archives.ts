import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadedImage, Store } from '@tinyd/store';
import { sha256 } from './edited-image';
import { type LayerEntry, tarOf } from './image-builder';
import { TEST_PLATFORM } from './temporary-store';

/** Loads an archive that is at hand as bytes, in pieces. */
export function loadBytes(store: Store, bytes: Uint8Array, platform = TEST_PLATFORM): Promise<LoadedImage[]> {
  return store.load({ label: 'the archive', chunks: pieces(bytes) }, { platform, explicitPlatform: false });
}

/** Loads a folder that is an OCI image layout. */
export function loadFolder(store: Store, folder: string): Promise<LoadedImage[]> {
  return store.load({ folder }, { platform: TEST_PLATFORM, explicitPlatform: false });
}

/** What `save` writes, as bytes. */
export async function saveBytes(store: Store, ...names: readonly string[]): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  await store.save(names, undefined, chunk => chunks.push(Buffer.from(chunk)));
  return Buffer.concat(chunks);
}

/** Runs a program over bytes: a compressor, tar. */
export function filter(program: string, args: readonly string[], input: Uint8Array): Buffer {
  const { status, stdout, stderr, error } = spawnSync(program, args, { input, maxBuffer: 1 << 30 });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr}`);
  return stdout;
}

/** The parts of a docker archive of one image with one layer, to be put together wrongly. */
export interface DockerParts {
  readonly layer: Buffer;
  readonly config: Buffer;
  readonly imageId: string;
  /** manifest.json */
  readonly list: readonly Record<string, unknown>[];
}

export async function dockerParts(
  names: readonly string[],
  entries?: readonly LayerEntry[],
): Promise<DockerParts> {
  const layer = await tarOf(entries ?? [{ name: 'hello', content: 'hello' }]);
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: { Cmd: ['/hello'] },
      rootfs: { type: 'layers', diff_ids: [sha256(layer)] },
    }),
  );
  const list = [{ Config: 'config.json', RepoTags: names, Layers: ['layer/layer.tar'] }];
  return { layer, config, imageId: sha256(config), list };
}

/** A docker archive as docker 1.10 to 24 wrote them. */
export async function dockerArchive(
  { layer, config, list }: Pick<DockerParts, 'layer' | 'config'> & { readonly list: unknown },
  extra: readonly LayerEntry[] = [],
): Promise<Buffer> {
  return tarOf([
    { name: 'layer/', type: 'directory' },
    { name: 'layer/layer.tar', content: layer },
    { name: 'config.json', content: config },
    ...extra,
    { name: 'manifest.json', content: JSON.stringify(list) },
  ]);
}

/** Everything that a store keeps but marker, index and the lock files that stay. */
export function keptBy(root: string): string[] {
  return ['blobs/sha256', 'blobs/sha512', 'layers', 'l', 'partial', 'pulls'].flatMap(folder =>
    readdirSync(join(root, folder)).map(name => `${folder}/${name}`),
  );
}

/** Odd pieces, as a pipe brings them. */
export async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_521) yield bytes.subarray(at, at + 65_521);
}
