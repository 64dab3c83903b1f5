import { join } from 'node:path';
import type { Digest, ImageConfig, ImageProcessConfig } from '@tinyd/core';
import type { StoreLayout } from '../layout';
import { configOf, imageSize, lowerDirs, repoDigests, repoTags, type StoredImage } from './image';

/** What `tinyd inspect` shows of an image: docker's keys. */
export interface ImageInspection {
  readonly Id: Digest;
  readonly RepoTags: readonly string[];
  readonly RepoDigests: readonly string[];
  readonly Parent: '';
  readonly Comment: string;
  readonly Created: string;
  readonly DockerVersion: string;
  readonly Author: string;
  readonly Config: ImageProcessConfig;
  readonly Architecture: string;
  readonly Variant?: string;
  readonly Os: string;
  /** Sum of the file sizes of all layers, in bytes. */
  readonly Size: number;
  /** LowerDir: absolute paths of all layers but the topmost, nearest first; UpperDir: the topmost layer, as in docker. */
  readonly GraphDriver: {
    readonly Name: 'overlay2';
    readonly Data: { readonly LowerDir?: string; readonly UpperDir?: string };
  };
  readonly RootFS: { readonly Type: 'layers'; readonly Layers: readonly Digest[] };
  readonly Metadata: { readonly LastTagTime: string };
}

/** Fails with ERR_TINYD_STORE_INVALID. */
export function inspectImage(layout: StoreLayout, image: StoredImage): ImageInspection {
  const config = configOf(layout, image);
  return {
    Id: image.id,
    RepoTags: repoTags(image),
    RepoDigests: repoDigests(image),
    Parent: '',
    Comment: commentOf(config),
    Created: config.created ?? '',
    DockerVersion: config.docker_version ?? '',
    Author: config.author ?? '',
    Config: config.config ?? {},
    Architecture: config.architecture,
    ...(config.variant && { Variant: config.variant }),
    Os: config.os,
    Size: imageSize(layout, config),
    GraphDriver: { Name: 'overlay2', Data: graphData(layout, config) },
    RootFS: { Type: 'layers', Layers: config.rootfs.diff_ids },
    Metadata: { LastTagTime: lastTagTime(image) },
  };
}

/** docker keeps the last build step's comment where the config has none of its own. */
function commentOf({ comment, history }: ImageConfig): string {
  return comment ?? history?.at(-1)?.comment ?? '';
}

function graphData(layout: StoreLayout, config: ImageConfig): ImageInspection['GraphDriver']['Data'] {
  const [top, ...lower] = lowerDirs(layout, config).map(link => join(layout.root, link));
  return {
    ...(lower.length > 0 && { LowerDir: lower.join(':') }),
    ...(top && { UpperDir: top }),
  };
}

function lastTagTime({ entries }: StoredImage): string {
  return (
    entries
      .map(({ updated }) => updated)
      .sort()
      .at(-1) ?? ''
  );
}
