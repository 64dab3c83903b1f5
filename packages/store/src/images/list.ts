import type { Digest, ImageConfig } from '@tinyd/core';
import type { StoreLayout } from '../layout';
import { messageOf } from '../system-error';
import type { ImageEntry } from './entry';
import {
  configOf,
  familiarRepositoryOf,
  groupImages,
  imageSize,
  repoDigest,
  repoDigests,
  repoTags,
  type StoredImage,
} from './image';

/** One row of `tinyd images`: an image under one name, or under none. */
export interface ImageRow {
  readonly id: Digest;
  /** docker's short form: `nginx`. Undefined for an image without any name. */
  readonly repository?: string;
  readonly tag?: string;
  /** Digest under which this row's repository has the image. */
  readonly digest?: Digest;
  /** `linux/amd64`. */
  readonly platform: string;
  /** All names of the image, of other rows too. */
  readonly repoTags: readonly string[];
  readonly repoDigests: readonly string[];
  /** No tag leads to the image. */
  readonly isDangling: boolean;
  /** ISO 8601, as the config says. */
  readonly created?: string;
  /** Sum of the file sizes of all layers. */
  readonly sizeBytes: number;
  readonly labels: Readonly<Record<string, string>>;
  /** Why the image cannot be used, when files of it are missing or damaged; size and date are unknown then. */
  readonly problem?: string;
}

/** All images, newest first, one row for each name and platform. A damaged image is listed with its problem. */
export function listImages(layout: StoreLayout, entries: readonly ImageEntry[]): ImageRow[] {
  const rows = groupImages(entries).flatMap(image => rowsOf(layout, image));
  return rows.sort((a, b) => createdMs(b) - createdMs(a) || compareText(nameOf(a), nameOf(b)));
}

function rowsOf(layout: StoreLayout, image: StoredImage): ImageRow[] {
  const facts = factsOf(layout, image);
  const tags = repoTags(image);
  const shared = {
    ...facts,
    id: image.id,
    repoTags: tags,
    repoDigests: repoDigests(image),
    isDangling: tags.length === 0,
  };
  // docker shows a row without a tag only where the repository has no other.
  const isShown = ({ reference, repository }: ImageEntry) =>
    reference?.tag !== undefined ||
    !image.entries.some(other => other.reference?.tag !== undefined && other.repository === repository);
  return image.entries
    .filter(isShown)
    .map(entry => ({ ...shared, ...nameFields(entry), platform: entry.platform }));
}

function nameFields(entry: ImageEntry): Pick<ImageRow, 'repository' | 'tag' | 'digest'> {
  const { reference, repository, target } = entry;
  return {
    ...(repository && { repository: familiarRepositoryOf(repository) }),
    ...(reference?.tag && { tag: reference.tag }),
    ...(repoDigest(entry).length > 0 && { digest: target.digest }),
  };
}

function factsOf(
  layout: StoreLayout,
  image: StoredImage,
): Pick<ImageRow, 'created' | 'sizeBytes' | 'labels' | 'problem'> {
  try {
    const config: ImageConfig = configOf(layout, image);
    return {
      ...(config.created && { created: config.created }),
      sizeBytes: imageSize(layout, config),
      labels: config.config?.Labels ?? {},
    };
  } catch (error) {
    return { sizeBytes: 0, labels: {}, problem: messageOf(error) };
  }
}

function createdMs({ created }: ImageRow): number {
  return (created && Date.parse(created)) || 0;
}

function nameOf({ repository = '', tag = '' }: ImageRow): string {
  return `${repository}:${tag}`;
}

/** By code units: localeCompare would load the collation tables, at 6 ms a start. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
