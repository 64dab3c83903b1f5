import { type Digest, familiarName, formatReference, type Reference, TinydError } from '@tinyd/core';
import { type ImageEntry, isNamed } from './entry';
import type { FoundImage } from './find';
import { familiarRepositoryOf, repoDigest, type StoredImage } from './image';
import { withoutName } from './naming';

/** A container that was made from an image. */
export interface ContainerUse {
  readonly id: string;
  readonly name: string;
  readonly isRunning: boolean;
}

/** How an image is removed. */
export interface RemoveOptions {
  /** Remove all names of an image that is given by ID, and names of images that containers use. */
  readonly force?: boolean;
  /** The containers made from an image. */
  readonly usedBy: (imageId: Digest) => readonly ContainerUse[];
}

/** One line of what `tinyd rmi` prints. */
export type RemovedItem = { readonly untagged: string } | { readonly deleted: string };

/** What a removal comes to, before anything is done. */
export interface Removal {
  readonly entries: readonly ImageEntry[];
  readonly untagged: readonly string[];
  /** Images that no entry stands for any more. */
  readonly deleted: readonly Digest[];
}

/** One name of an image, as docker counts them. */
interface Name {
  readonly text: string;
  readonly repository: string;
  readonly isTag: boolean;
}

/**
 * Decides what removing an image means, by docker's rules:
 *
 * - by name: the name goes; with the last tag of a repository its digests go too; with the last name the image goes;
 * - by ID: all names and the image go, if there is one tag at most, or by force;
 * - a container that uses the image forbids it. By force only the names go: the image stays for the container's sake.
 *
 * Fails with ERR_TINYD_IMAGE_IN_USE.
 */
export function planRemoval(
  entries: readonly ImageEntry[],
  images: readonly StoredImage[],
  found: FoundImage,
  options: RemoveOptions,
): Removal {
  const { reference } = found;
  if (reference === undefined) return removeById(entries, found.image, options);
  // The name may stand for images of several platforms.
  const holders = images.filter(
    image => image.id === found.image.id || image.entries.some(entry => isNamed(entry, reference)),
  );
  const plans = holders.map(image => ({ image, plan: planByName(image, reference, options) }));
  return plans.reduce<Removal>(
    (removal, { image, plan }) => merge(removal, dropNames(removal.entries, image, plan.gone, plan.isUsed)),
    { entries, untagged: [], deleted: [] },
  );
}

function planByName(
  image: StoredImage,
  reference: Reference,
  { force = false, usedBy }: RemoveOptions,
): { readonly gone: readonly Name[]; readonly isUsed: boolean } {
  const names = namesOf(image);
  const text = familiarName(reference);
  const users = usedBy(image.id);
  const [user] = users;
  if (user && !force && isSingle(names)) {
    throw inUse(
      `cannot remove the name ${text}: container ${describe(user)} uses its image ${short(image.id)}`,
      `remove the container with tinyd rm ${user.name}, or only the name with --force`,
      image,
      users,
    );
  }
  const repository = familiarRepositoryOf(`${reference.domain}/${reference.path}`);
  const rest = names.filter(name => name.text !== text);
  const wasLastTag =
    reference.tag !== undefined && !rest.some(name => name.isTag && name.repository === repository);
  const gone = names.filter(name => name.text === text || (wasLastTag && name.repository === repository));
  return { gone, isUsed: users.length > 0 };
}

function removeById(
  entries: readonly ImageEntry[],
  image: StoredImage,
  { force = false, usedBy }: RemoveOptions,
): Removal {
  const names = namesOf(image);
  const users = usedBy(image.id);
  const running = users.find(user => user.isRunning);
  const [user] = users;
  if (running) {
    const hint = `stop and remove the container first: tinyd rm -f ${running.name}`;
    throw inUse(
      `cannot remove image ${short(image.id)}: running container ${describe(running)} uses it`,
      hint,
      image,
      users,
    );
  }
  if (user && (!force || names.length === 0)) {
    const hint = `remove the container first: tinyd rm ${user.name}`;
    throw inUse(
      `cannot remove image ${short(image.id)}: stopped container ${describe(user)} uses it`,
      hint,
      image,
      users,
    );
  }
  if (!force && !isSingle(names)) {
    const texts = names.map(({ text }) => text).join(', ');
    throw inUse(
      `cannot remove image ${short(image.id)}: it has several names: ${texts}`,
      'remove all of them with --force',
      image,
      users,
    );
  }
  return merge({ entries, untagged: [], deleted: [] }, dropNames(entries, image, names, users.length > 0));
}

function merge(before: Removal, after: Removal): Removal {
  return {
    entries: after.entries,
    untagged: [...before.untagged, ...after.untagged],
    deleted: [...before.deleted, ...after.deleted],
  };
}

/** @param isUsed the image stays, without a name if need be. */
function dropNames(
  entries: readonly ImageEntry[],
  image: StoredImage,
  gone: readonly Name[],
  isUsed: boolean,
): Removal {
  const texts = new Set(gone.map(({ text }) => text));
  const reduced = image.entries.map(entry => reduceEntry(entry, texts));
  const named = reduced.filter(entry => entry.reference !== undefined || repoDigest(entry).length > 0);
  const kept = named.length > 0 || !isUsed ? named : reduced.slice(0, 1);
  const isOfImage = (entry: ImageEntry) => entry.imageId === image.id;
  return {
    entries: [...entries.filter(entry => !isOfImage(entry)), ...kept],
    untagged: [...texts],
    deleted: kept.length === 0 ? [image.id] : [],
  };
}

function reduceEntry(entry: ImageEntry, gone: ReadonlySet<string>): ImageEntry {
  const { reference } = entry;
  const isNameGone = reference !== undefined && gone.has(familiarName(reference));
  const isDigestGone = repoDigest(entry).some(text => gone.has(text));
  const unnamed = isNameGone ? withoutName(entry) : entry;
  return isDigestGone ? { ...unnamed, origin: 'tag' } : unnamed;
}

function namesOf({ entries }: StoredImage): Name[] {
  const names = new Map<string, Name>();
  for (const entry of entries) {
    const repository = familiarRepositoryOf(entry.repository ?? '');
    const { reference } = entry;
    if (reference) {
      const text = familiarName(reference);
      names.set(text, { text, repository, isTag: reference.tag !== undefined });
    }
    for (const text of repoDigest(entry))
      names.set(text, names.get(text) ?? { text, repository, isTag: false });
  }
  return [...names.values()];
}

/** At most one tag, and all names in one repository (docker's isSingleReference). */
function isSingle(names: readonly Name[]): boolean {
  const repositories = new Set(names.map(({ repository }) => repository));
  return names.filter(({ isTag }) => isTag).length <= 1 && repositories.size <= 1;
}

function inUse(
  message: string,
  hint: string,
  image: StoredImage,
  users: readonly ContainerUse[],
): TinydError {
  const names = image.entries.flatMap(({ reference }) => (reference ? [formatReference(reference)] : []));
  return new TinydError('ERR_TINYD_IMAGE_IN_USE', message, {
    hint,
    details: { imageId: image.id, names, containers: users.map(({ id }) => id) },
  });
}

function describe({ id, name }: ContainerUse): string {
  return `${name} (${id.slice(0, 12)})`;
}

function short(id: Digest): string {
  return id.slice(id.indexOf(':') + 1).slice(0, 12);
}
