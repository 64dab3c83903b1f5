import {
  familiarName,
  isTinydError,
  type Platform,
  parseReference,
  type Reference,
  TinydError,
} from '@tinyd/core';
import { type ImageEntry, isNamed, repositoryOf } from './entry';
import { groupImages, type StoredImage } from './image';
import { entryForPlatform, withoutDisplayTag } from './naming';
import { nearNames } from './near-names';

/** How a text names an image. */
export type FoundBy = 'name' | 'id';

/** What {@link findImage} found. */
export interface FoundImage {
  readonly image: StoredImage;
  readonly by: FoundBy;
  /** The name as it was understood, when found by name. */
  readonly reference?: Reference;
}

/** Prefix of an ID: hex digits, with or without the algorithm in front. */
const ID_PREFIX = /^(?:sha256:|sha512:)?([0-9a-f]{1,128})$/;

/**
 * Finds an image by a name in any form, by its ID, or by an unambiguous prefix of its ID. The digests of its manifest and
 * of the index it came from are accepted as IDs too.
 *
 * A name wins over an ID prefix that reads the same, as in docker.
 *
 * @param platform chooses among the images of one name; the host's is preferred when it is not given.
 *
 * Fails with ERR_TINYD_IMAGE_NOT_FOUND, ERR_TINYD_IMAGE_AMBIGUOUS or ERR_TINYD_REFERENCE_INVALID.
 */
export function findImage(
  entries: readonly ImageEntry[],
  text: string,
  host: Platform,
  platform?: Platform,
): FoundImage {
  const images = groupImages(entries);
  const exact = images.filter(({ id }) => id === text || id === `sha256:${text}`);
  const [only] = exact;
  if (only) return { image: only, by: 'id' };

  const named = findByName(entries, images, text, host, platform);
  if (named) return named;
  const [match, ...others] = findByPrefix(images, text);
  if (match === undefined) throw notFound(entries, text, platform);
  if (others.length > 0) throw ambiguous(text, [match, ...others]);
  return { image: match, by: 'id' };
}

function findByName(
  entries: readonly ImageEntry[],
  images: readonly StoredImage[],
  text: string,
  host: Platform,
  platform: Platform | undefined,
): FoundImage | undefined {
  const reference = referenceOf(text);
  if (reference === undefined) return undefined;
  const named = entries.filter(entry => isNamed(entry, reference));
  const holding = named.length > 0 ? named : entries.filter(entry => holdsDigest(entry, reference));
  const entry = entryForPlatform(holding, host, platform);
  const image = entry && images.find(({ id }) => id === entry.imageId);
  return image && { image: { ...image, entry }, by: 'name', reference };
}

/** `nginx@sha256:…` also names an image that was pulled by tag. */
function holdsDigest(entry: ImageEntry, { digest, ...rest }: Reference): boolean {
  if (digest === undefined || entry.origin !== 'pull' || entry.repository !== repositoryOf(rest))
    return false;
  return entry.target.digest === digest || entry.manifest === digest;
}

function findByPrefix(images: readonly StoredImage[], text: string): StoredImage[] {
  const hex = ID_PREFIX.exec(text)?.[1];
  if (hex === undefined) return [];
  const isMeant = (digest: string) =>
    (text === hex ? digest.slice(digest.indexOf(':') + 1) : digest).startsWith(text);
  const byId = images.filter(({ id }) => isMeant(id));
  if (byId.length > 0) return byId;
  return images.filter(({ entries }) =>
    entries.some(({ manifest, target }) => isMeant(manifest) || isMeant(target.digest)),
  );
}

/** Undefined for a text that can only be an ID. Names that are no names fail, unless they could be an ID. */
function referenceOf(text: string): Reference | undefined {
  try {
    return withoutDisplayTag(parseReference(text));
  } catch (error) {
    if (isTinydError(error) && ID_PREFIX.test(text)) return undefined;
    throw error;
  }
}

function notFound(entries: readonly ImageEntry[], text: string, platform: Platform | undefined): TinydError {
  const names = entries.flatMap(({ reference }) => (reference ? [familiarName(reference)] : []));
  const near = nearNames(text, names);
  const suffix = platform
    ? ` for ${[platform.os, platform.architecture, platform.variant].filter(Boolean).join('/')}`
    : '';
  const pull =
    ID_PREFIX.test(text) && !near.length ? 'tinyd images lists what is there' : `pull it: tinyd pull ${text}`;
  return new TinydError('ERR_TINYD_IMAGE_NOT_FOUND', `no such image in the store: ${text}${suffix}`, {
    hint: near.length > 0 ? `did you mean ${near.join(', ')}? Otherwise ${pull}` : pull,
    details: { name: text, near },
  });
}

function ambiguous(text: string, images: readonly StoredImage[]): TinydError {
  const matches = images.map(({ id }) => id);
  return new TinydError(
    'ERR_TINYD_IMAGE_AMBIGUOUS',
    `image ID prefix ${text} is ambiguous: ${matches.join(', ')}`,
    {
      hint: 'give more digits, or a name',
      details: { prefix: text, matches },
    },
  );
}
