import { DEFAULT_DOMAIN, parseReference, type Reference } from '@tinyd/core';
import { messageOf } from '../system-error';
import { invalidArchive, shown } from './invalid-archive';

/** Names that would read like the beginning of an ID. */
const LIKE_IDS = new Set(['library/sha256', 'library/sha512']);

/**
 * Reads a name that an archive gives to an image: it has to be a name with a tag. One with a digest would claim to stand
 * for content that nobody compared with it.
 *
 * Fails with ERR_TINYD_ARCHIVE_INVALID.
 */
export function parseImageName(label: string, text: unknown): Reference {
  if (typeof text !== 'string') throw invalidArchive(label, 'it has an image name that is no text');
  let reference: Reference;
  try {
    reference = parseReference(text);
  } catch (error) {
    throw invalidArchive(label, messageOf(error), error);
  }
  if (reference.digest !== undefined) throw invalidArchive(label, `the name ${shown(text)} has a digest`);
  if (reference.domain === DEFAULT_DOMAIN && LIKE_IDS.has(reference.path))
    throw invalidArchive(label, `the name ${shown(text)} is a digest`);
  if (reference.tagIsImplied) throw invalidArchive(label, `the name ${shown(text)} has no tag`);
  return reference;
}
