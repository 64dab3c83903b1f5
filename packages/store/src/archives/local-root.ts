import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  createReadStream,
  openSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs';
import { type Digest, MEDIA_TYPES, type Platform, parseDigest, TinydError } from '@tinyd/core';
import { packTree, walkTree } from '@tinyd/tree';
import { readIndex } from '../images/index-file';
import type { StoreLayout } from '../layout';
import { prepareRoot } from '../root-folder';
import { messageOf, systemCode } from '../system-error';
import { type ImportOptions, importRoot, rootImage } from './import';
import { knownRoot, type RootFacts, rememberRoot } from './known-roots';

/** How a root file system on this machine becomes an image. */
export interface LocalRootOptions {
  readonly platform: Platform;
  readonly signal?: AbortSignal;
}

/** A file that changed so lately may change again without its times telling (they tick in milliseconds). */
const SETTLED_MS = 1000;

/**
 * Makes an untagged image of a folder or of a tar archive, or finds the one that was made of it before: its ID follows from
 * the content alone. It is a snapshot: what happens to the folder later is seen by later calls only.
 *
 * An archive that has not changed is not read again; a folder is read each time, and packed when something in it is new.
 * Folders of other file systems in a folder are empty in its image.
 *
 * Fails with ERR_TINYD_IMAGE_NOT_FOUND, ERR_TINYD_OPTION_INVALID and those of {@link importRoot}.
 */
export async function imageOfLocalRoot(
  layout: StoreLayout,
  path: string,
  { platform, signal }: LocalRootOptions,
): Promise<Digest> {
  const options: ImportOptions = {
    platform,
    config: {},
    comment: 'Root file system of a file or folder',
    created: new Date(0).toISOString(),
    ...(signal && { signal }),
  };
  if (stated(path).isDirectory()) return imageOfFolder(layout, path, options);
  return imageOfArchive(layout, path, options);
}

async function imageOfArchive(layout: StoreLayout, path: string, options: ImportOptions): Promise<Digest> {
  const before = factsOf(path, options);
  const known = knownRoot(layout, before);
  if (known !== undefined && isStored(layout, known)) return known;
  const chunks = createReadStream(path, { highWaterMark: 256 * 1024 });
  const { imageId } = await importRoot(layout, { label: path, chunks }, options);
  const { changedMs, text } = factsOf(path, options);
  const isSettled = text === before.text && Date.now() - changedMs > SETTLED_MS;
  if (isSettled) await rememberRoot(layout, before, imageId);
  return imageId;
}

async function imageOfFolder(layout: StoreLayout, path: string, options: ImportOptions): Promise<Digest> {
  await prepareRoot(layout);
  if (`${realpathSync(layout.root)}/`.startsWith(`${realpathSync(path).replace(/\/$/, '')}/`)) {
    throw new TinydError(
      'ERR_TINYD_OPTION_INVALID',
      `cannot make an image of ${path}: the store lies in it`,
      {
        hint: 'name a folder that holds a root file system and nothing else',
      },
    );
  }
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const hash = createHash('sha256');
    let size = 0;
    for await (const chunk of packFolder(fd)) {
      options.signal?.throwIfAborted();
      hash.update(chunk);
      size += chunk.length;
    }
    const digest = parseDigest(`sha256:${hash.digest('hex')}`);
    const descriptor = { mediaType: MEDIA_TYPES.ociLayer, digest, size };
    const { imageId } = rootImage(path, { descriptor, diffId: digest, path }, options);
    if (isStored(layout, imageId)) return imageId;
    return (await importRoot(layout, { label: path, chunks: packFolder(fd) }, options)).imageId;
  } finally {
    closeSync(fd);
  }
}

function packFolder(fd: number): AsyncIterable<Uint8Array> {
  // What an overlay notes for itself is none of the content.
  const wantsXattr = (name: string) =>
    name === 'security.capability' || (name.startsWith('user.') && !name.startsWith('user.overlay.'));
  return packTree(walkTree({ fd, oneFileSystem: true, wantsXattr }));
}

function isStored(layout: StoreLayout, imageId: Digest): boolean {
  return readIndex(layout).entries.some(entry => entry.imageId === imageId);
}

function factsOf(path: string, { platform }: ImportOptions): RootFacts {
  const { dev, ino, size, mtimeNs, ctimeNs, ctimeMs } = statSync(path, { bigint: true });
  const facts = [realpathSync(path), dev, ino, size, mtimeNs, ctimeNs, ...Object.values(platform)];
  return { text: facts.join('\n'), changedMs: Number(ctimeMs) };
}

function stated(path: string): Stats {
  try {
    return statSync(path);
  } catch (cause) {
    const reason = systemCode(cause) === 'ENOENT' ? 'no such file or folder' : messageOf(cause);
    throw new TinydError('ERR_TINYD_IMAGE_NOT_FOUND', `cannot make an image of ${path}: ${reason}`, {
      hint: 'names of images do not begin with a dot or a slash; paths of root file systems do',
      cause,
    });
  }
}
