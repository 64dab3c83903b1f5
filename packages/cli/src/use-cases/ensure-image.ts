import { familiarName, isTinydError, parseReference, TinydError } from '@tinyd/core';
import { openStore, type Store } from '@tinyd/store';
import type { Globals } from '../globals';
import { writeErr } from '../output';
import { chooseProgress } from '../progress/mode';
import { cancelOnSignal } from './cancel';
import { localRootPath } from './local-root';
import { choosePlatform, namedPlatform } from './platform';
import { pullImage } from './pull-image';

/** When `create` and `run` pull. */
export type PullPolicy = 'always' | 'missing' | 'never';

/** Which image, and how it may be brought. */
export interface ImageRequest {
  readonly name: string;
  readonly platform: string | undefined;
  readonly policy: PullPolicy;
  readonly quiet: boolean;
}

/** `--pull always|missing|never`. */
export function parsePullPolicy(text: string): PullPolicy {
  if (text === 'always' || text === 'missing' || text === 'never') return text;
  throw new TinydError(
    'ERR_TINYD_OPTION_INVALID',
    `invalid argument ${JSON.stringify(text)} for --pull: want always, missing or never`,
  );
}

/** Where an image is, and by which text it is found there. */
export interface EnsuredImage {
  readonly store: Store;
  readonly image: string;
}

/**
 * Sees to it that the image is in the store: pulls it, or makes it of a folder or archive on this machine.
 *
 * Fails with ERR_TINYD_IMAGE_NOT_FOUND where pulling is forbidden.
 */
export async function ensureImage(globals: Globals, request: ImageRequest): Promise<EnsuredImage> {
  const store = openStore({ root: globals.root });
  const path = localRootPath(request.name);
  if (path !== undefined) return { store, image: await makeImage(store, path, request) };
  const image = request.name;
  if (request.policy !== 'always' && isPresent(store, request)) return { store, image };
  if (request.policy === 'missing' && !request.quiet)
    writeErr(`Unable to find image '${familiarName(parseReference(image))}' locally\n`);
  await pullImage(globals, { ...request, progress: chooseProgress('auto', request.quiet) });
  return { store: openStore({ root: globals.root }), image };
}

function makeImage(store: Store, path: string, { platform, policy }: ImageRequest): Promise<string> {
  if (policy === 'always') {
    throw new TinydError(
      'ERR_TINYD_OPTION_INVALID',
      `cannot do --pull always for ${path}: it is not in a registry`,
      {
        hint: 'leave --pull out: a folder or archive that has changed is read again by itself',
      },
    );
  }
  const { os, architecture, variant } = choosePlatform(platform).platform;
  return cancelOnSignal(
    `reading ${path}`,
    signal =>
      store.imageOfLocalRoot(path, { platform: { os, architecture, ...(variant && { variant }) }, signal }),
    'nothing of it is kept: start again',
  );
}

function isPresent(store: Store, { name, platform, policy }: ImageRequest): boolean {
  try {
    store.findImage(name, namedPlatform(platform));
    return true;
  } catch (error) {
    if (policy !== 'never' && isTinydError(error) && error.code === 'ERR_TINYD_IMAGE_NOT_FOUND') return false;
    throw error;
  }
}
