import { parseReference, type Reference, TinydError } from '@tinyd/core';
import type { StoreLayout } from '../layout';
import { prepareRoot } from '../root-folder';
import { type ImageEntry, repositoryOf } from './entry';
import { updateIndex } from './index-file';
import { nameImage } from './naming';

/** Reads a name to give to an image. Fails with ERR_TINYD_REFERENCE_INVALID, also for a name with a digest. */
export function parseTag(text: string): Reference {
  const reference = parseReference(text);
  if (reference.digest === undefined) return reference;
  throw new TinydError('ERR_TINYD_REFERENCE_INVALID', `cannot tag as ${text}: a digest cannot be given`, {
    hint: 'name the image like registry.example/team/app:tag',
  });
}

/**
 * Gives an image one more name. An image that loses the name stays, without it.
 *
 * Fails with ERR_TINYD_IMAGE_NOT_FOUND if the image has gone since it was found.
 *
 * @param image `text` is what the user called it, for messages.
 */
export async function tagImage(
  layout: StoreLayout,
  image: { readonly text: string; readonly entry: ImageEntry },
  reference: Reference,
): Promise<void> {
  await prepareRoot(layout);
  await updateIndex(layout, index => {
    const entry = currentOf(index.entries, image.entry, image.text);
    return { ...index, entries: nameImage(index.entries, taggedEntry(entry, reference)) };
  });
}

function currentOf(entries: readonly ImageEntry[], entry: ImageEntry, text: string): ImageEntry {
  const current = entries.find(other => other.imageId === entry.imageId && other.platform === entry.platform);
  if (current) return current;
  throw new TinydError('ERR_TINYD_IMAGE_NOT_FOUND', `no such image in the store: ${text}`, {
    hint: `pull it: tinyd pull ${text}`,
  });
}

function taggedEntry({ target, manifest, imageId, platform }: ImageEntry, reference: Reference): ImageEntry {
  const updated = new Date().toISOString();
  const repository = repositoryOf(reference);
  return { target, reference, repository, manifest, imageId, platform, origin: 'tag', updated };
}
