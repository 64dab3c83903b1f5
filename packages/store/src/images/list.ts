import type { Digest } from '@tinyd/core';
import type { StoreLayout } from '../layout';
import type { ImageEntry } from './entry';
import type { ImageFacts } from './facts';
import { type DescribedImage, readFacts } from './facts-cache';
import { familiarRepositoryOf, groupImages, repoDigest, repoDigests, repoTags } from './image';

/** One row of `tinyd images`: an image under one name, or under none. */
export interface ImageRow extends ImageFacts {
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
}

/** All images, newest first, one row for each name and platform. A damaged image is listed with its problem. */
export function listImages(layout: StoreLayout, entries: readonly ImageEntry[]): ImageRow[] {
  const rows = readFacts(layout, groupImages(entries)).flatMap(rowsOf);
  return rows.sort((a, b) => createdMs(b) - createdMs(a) || compareText(nameOf(a), nameOf(b)));
}

function rowsOf({ image, facts }: DescribedImage): ImageRow[] {
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
