import { join } from 'node:path';
import {
  type Digest,
  hostPlatform,
  type ImageConfig,
  type ImageSource,
  type Platform,
  type Reference,
} from '@tinyd/core';
import type { LockMode } from '@tinyd/native';
import { type ImportOptions, importRoot, type RootInput } from './archives/import';
import { type ArchiveInput, loadArchive } from './archives/load';
import { imageOfLocalRoot, type LocalRootOptions } from './archives/local-root';
import { saveImages } from './archives/save';
import type { LoadedImage } from './archives/store-images';
import { type CommitOptions, commitImage } from './committed/commit-image';
import { type Pruned, type PruneOptions, pruneImages, removeImage } from './gc/remove-images';
import type { ImageEntry } from './images/entry';
import { type FoundImage, findImage } from './images/find';
import { type HistoryRow, imageHistory } from './images/history';
import { configOf, lowerDirs, repoTags } from './images/image';
import { withImagesLock } from './images/images-lock';
import { readIndex } from './images/index-file';
import { type ImageInspection, inspectImage } from './images/inspect';
import { type ImageRow, listImages } from './images/list';
import type { RemovedItem, RemoveOptions } from './images/removal';
import { parseTag, tagImage } from './images/tag';
import { type ImagesUsage, imagesUsage } from './images/usage';
import { type StoreLayout, storeLayout } from './layout';
import type { PullOptions, PullResult } from './pull/events';
import { pullImage } from './pull/pull';
import { checkRoot } from './root-folder';

/** Where a store is. */
export interface StoreOptions {
  /** Absolute path of the root folder. */
  readonly root: string;
  /** Whose images are preferred where a name has several; the machine's own by default. */
  readonly platform?: Platform;
}

/** What the runtime needs to know of an image to make a container of it. */
export interface ImageForContainer {
  /** Image ID: the config's digest. */
  readonly id: Digest;
  /** The name the user gave. */
  readonly name: string;
  readonly config: ImageConfig;
  /** Overlay lower dirs, topmost first, relative to the root folder. */
  readonly lowerDirs: readonly string[];
}

/**
 * Opens the image store below a root folder. Nothing is made before the first pull.
 *
 * Fails with ERR_TINYD_STORE_INVALID when the folder holds a store of a newer version.
 */
export function openStore(options: StoreOptions): Store {
  const layout = storeLayout(options.root);
  checkRoot(layout);
  return new Store(layout, options.platform ?? hostPlatform(process.arch, ''));
}

/**
 * The images on this machine. Reads take no lock and may go on beside any number of pulls and removals.
 *
 * Texts that name an image may be a name in any form, an ID, or an unambiguous prefix of an ID.
 */
export class Store {
  readonly root: string;
  readonly #layout: StoreLayout;
  readonly #host: Platform;

  constructor(layout: StoreLayout, host: Platform) {
    this.root = layout.root;
    this.#layout = layout;
    this.#host = host;
  }

  /** Brings an image into the store. See {@link PullOptions} and {@link PullResult}. */
  pull(source: ImageSource, reference: Reference, options: PullOptions): Promise<PullResult> {
    return pullImage(this.#layout, source, reference, options);
  }

  /** Brings the images of an archive into the store. See {@link loadArchive}. */
  load(input: ArchiveInput, options: PullOptions): Promise<LoadedImage[]> {
    return loadArchive(this.#layout, input, options);
  }

  /** Makes an image of a root file system. See {@link importRoot}. */
  import(input: RootInput, options: ImportOptions): Promise<LoadedImage> {
    return importRoot(this.#layout, input, options);
  }

  /** The image of a folder or archive on this machine, made if need be. See {@link imageOfLocalRoot}. */
  imageOfLocalRoot(path: string, options: LocalRootOptions): Promise<Digest> {
    return imageOfLocalRoot(this.#layout, path, options);
  }

  /**
   * Gives an archive of images to `write`, piece by piece; they cannot be removed meanwhile. See {@link saveImages}.
   *
   * @param name what the archive calls an image that is given by ID.
   */
  save(
    texts: readonly string[],
    platform: Platform | undefined,
    write: (chunk: Uint8Array) => void,
    name?: Reference,
  ): Promise<void> {
    return this.withImages('shared', async () => {
      const archive = saveImages(this.#layout, this.#entries(), texts, { host: this.#host, platform, name });
      for await (const chunk of archive) write(chunk);
    });
  }

  /** Makes an image of the image with ID `base` and of changes to it. See {@link commitImage}. */
  commit(base: string, options: CommitOptions): Promise<LoadedImage> {
    return this.withImages('shared', () => commitImage(this.#layout, this.#find(base).image, options));
  }

  /** All images, newest first, one row for each name (and platform). */
  images(): ImageRow[] {
    return listImages(this.#layout, this.#entries());
  }

  /** What the images occupy on disk. `isInUse`: images that are not counted as reclaimable. */
  usage(isInUse: (id: Digest) => boolean): ImagesUsage {
    return imagesUsage(this.#layout, this.#entries(), isInUse);
  }

  /** Fails with ERR_TINYD_IMAGE_NOT_FOUND, _AMBIGUOUS or ERR_TINYD_REFERENCE_INVALID. */
  findImage(
    text: string,
    platform?: Platform,
  ): { readonly id: Digest; readonly repoTags: readonly string[] } {
    const { image } = this.#find(text, platform);
    return { id: image.id, repoTags: repoTags(image) };
  }

  /** docker's view of an image. */
  inspectImage(text: string, platform?: Platform): ImageInspection {
    return inspectImage(this.#layout, this.#find(text, platform).image);
  }

  /** The build steps of an image, topmost first. */
  history(text: string, platform?: Platform): HistoryRow[] {
    return imageHistory(this.#layout, this.#find(text, platform).image);
  }

  /** All that making a container takes. Call it, and record the container, within `withImages('shared', …)`. */
  imageForContainer(text: string, platform?: Platform): ImageForContainer {
    const { image } = this.#find(text, platform);
    const config = configOf(this.#layout, image);
    return { id: image.id, name: text, config, lowerDirs: lowerDirs(this.#layout, config) };
  }

  /** Absolute paths of an image's layers, topmost first. */
  lowerDirs(text: string, platform?: Platform): string[] {
    const config = configOf(this.#layout, this.#find(text, platform).image);
    return lowerDirs(this.#layout, config).map(link => join(this.root, link));
  }

  /**
   * Gives an image one more name. An image that loses the name stays, without it.
   *
   * Fails with ERR_TINYD_REFERENCE_INVALID, also for a name with a digest, and with those of {@link findImage}.
   */
  async tag(source: string, target: string): Promise<void> {
    const reference = parseTag(target);
    const { entry } = this.#find(source).image;
    await tagImage(this.#layout, { text: source, entry }, reference);
  }

  /**
   * Removes a name, and the image with its last one; then the blobs and layers that nobody needs any more.
   *
   * Takes the images lock. Fails with ERR_TINYD_IMAGE_IN_USE and those of {@link findImage}.
   *
   * @returns what happened, in order, as `tinyd rmi` prints it.
   */
  removeImage(text: string, options: RemoveOptions): Promise<RemovedItem[]> {
    return this.withImages('exclusive', () => removeImage(this.#layout, this.#host, text, options));
  }

  /**
   * Removes images without a tag, or (`all`) every image, unless a container uses them; then all blobs, layers and partial
   * downloads that nobody needs.
   */
  prune(options: PruneOptions): Promise<Pruned> {
    return this.withImages('exclusive', () => pruneImages(this.#layout, this.#host, options));
  }

  /**
   * Runs `action` while no image is removed (`shared`), or while nobody makes anything of an image (`exclusive`), in all
   * processes. Not to be nested.
   */
  withImages<T>(mode: LockMode, action: () => T | Promise<T>): Promise<T> {
    return withImagesLock(this.#layout, mode, action);
  }

  #entries(): readonly ImageEntry[] {
    return readIndex(this.#layout).entries;
  }

  #find(text: string, platform?: Platform): FoundImage {
    return findImage(this.#entries(), text, this.#host, platform);
  }
}
