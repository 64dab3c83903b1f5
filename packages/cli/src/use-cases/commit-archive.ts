import { isTinydError, parseReference } from '@tinyd/core';
import type { Container, Runtime } from '@tinyd/runtime';
import type { LoadedImage, Store } from '@tinyd/store';
import { type CommitRequest, commitContainer } from './commit-container';
import { imageUsers } from './prune';
import { writeWholeFile } from './whole-file';

/** What a commit works on. */
interface CommitPlace {
  readonly store: Store;
  readonly runtime: Runtime;
  readonly container: Container;
}

/**
 * Makes an image of a container as an archive at `path`, which `load` reads; the store is as before then. It is in the store meanwhile,
 * without a name: what a kill leaves there goes with `image prune`.
 */
export async function commitToArchive(
  { store, runtime, container }: CommitPlace,
  request: CommitRequest,
  path: string,
): Promise<LoadedImage> {
  const name = request.name === undefined ? undefined : parseReference(request.name);
  const known = new Set<string>(store.images().map(({ id }) => id));
  const image = await commitContainer(store, container, { ...request, name: undefined });
  try {
    await writeWholeFile(path, write => store.save([image.imageId], undefined, write, name));
  } finally {
    if (!known.has(image.imageId)) await removeAgain(store, runtime, image.imageId);
  }
  return image;
}

/** Somebody may have made a container of it already: then it stays. */
async function removeAgain(store: Store, runtime: Runtime, imageId: string): Promise<void> {
  try {
    await store.removeImage(imageId, { usedBy: id => imageUsers(runtime, id) });
  } catch (error) {
    if (!isTinydError(error) || error.code !== 'ERR_TINYD_IMAGE_IN_USE') throw error;
  }
}
