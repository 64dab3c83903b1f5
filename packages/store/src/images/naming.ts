import { formatPlatform, type Platform, type Reference } from '@tinyd/core';
import { type ImageEntry, isNamed } from './entry';

/** True when two entries stand for one image. */
export function isSameImage(a: ImageEntry, b: ImageEntry): boolean {
  return a.imageId === b.imageId;
}

/**
 * Gives a name to an image.
 *
 * The image that had the name for this platform stays, without the name, unless another name leads to it.
 *
 * @param entry has a reference.
 */
export function nameImage(entries: readonly ImageEntry[], entry: ImageEntry): ImageEntry[] {
  const { reference } = entry;
  if (reference === undefined) return [...entries, entry];
  const isHolder = (other: ImageEntry) => isNamed(other, reference) && other.platform === entry.platform;
  const holders = entries.filter(isHolder);
  // A row without a name is of no more use once the image has one in the same repository.
  const isSuperseded = (other: ImageEntry) =>
    other.reference === undefined && isSameImage(other, entry) && other.repository === entry.repository;
  const others = entries.filter(other => !isHolder(other) && !isSuperseded(other));
  const nameless = holders
    .filter(holder => ![...others, entry].some(other => isSameImage(other, holder)))
    .map(withoutName);
  return [...others, ...nameless, entry];
}

/** The same image as a `<none>` row. */
export function withoutName({ reference: _, ...entry }: ImageEntry): ImageEntry {
  return entry;
}

/**
 * Of the entries of one name, the one for a platform; without one the host's, else the newest.
 *
 * Undefined when `platform` is given and no entry is for it.
 */
export function entryForPlatform(
  entries: readonly ImageEntry[],
  host: Platform,
  platform: Platform | undefined,
): ImageEntry | undefined {
  const wanted = formatPlatform(platform ?? host);
  const match = entries.find(entry => entry.platform === wanted);
  if (match !== undefined || platform !== undefined) return match;
  return entries.reduce<ImageEntry | undefined>(
    (newest, entry) => (newest === undefined || entry.updated >= newest.updated ? entry : newest),
    undefined,
  );
}

/** A digest decides what a name means; docker drops the tag beside it. */
export function withoutDisplayTag(reference: Reference): Reference {
  if (reference.digest === undefined || reference.tag === undefined) return reference;
  const { domain, path, digest } = reference;
  return { domain, path, digest, tagIsImplied: false };
}
