import type { Descriptor, Digest, Reference } from '@tinyd/core';
import type { ArchiveFile } from './archive-files';

/** One image of an archive, or one image index. */
export interface ArchivedImage {
  readonly target: Descriptor;
  /** The names that the archive gives it, each with a tag and without a digest. */
  readonly names: readonly Reference[];
}

/** What an archive holds, whatever its format. */
export interface ArchiveContent {
  /** What messages call the archive. */
  readonly label: string;
  readonly images: readonly ArchivedImage[];
  /** Documents that the format does not have and that were made for it. */
  readonly documents: ReadonlyMap<Digest, Uint8Array>;
  /** The file of a blob; undefined for one that the archive lacks. Its content is not verified. */
  blob(digest: Digest): ArchiveFile | undefined;
}
