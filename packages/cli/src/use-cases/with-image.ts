import { familiarName, isTinydError, parseReference, TinydError } from '@tinyd/core';
import { type ImageForContainer, openStore, type Store } from '@tinyd/store';
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

/**
 * Makes something of an image: of one that is in the store, else of one that is pulled first, or made of a folder or archive
 * on this machine. Nobody removes it meanwhile.
 *
 * Fails with ERR_TINYD_IMAGE_NOT_FOUND where pulling is forbidden.
 */
export async function withImage<T>(
  globals: Globals,
  request: ImageRequest,
  make: (image: ImageForContainer, store: Store) => Promise<T>,
): Promise<T> {
  const store = openStore({ root: globals.root });
  const makeOf = (name: string) =>
    store.withImages('shared', () => make(imageOf(store, { ...request, name }), store));
  const path = localRootPath(request.name);
  if (path !== undefined) return makeOf(await makeImage(store, path, request));
  if (request.policy === 'always') return pullAnd(globals, request, makeOf);
  const made = await store.withImages('shared', async () => {
    const image = presentImage(store, request);
    return image && { result: await make(image, store) };
  });
  if (made !== undefined) return made.result;
  if (!request.quiet)
    writeErr(`Unable to find image '${familiarName(parseReference(request.name))}' locally\n`);
  return pullAnd(globals, request, makeOf);
}

async function pullAnd<T>(
  globals: Globals,
  request: ImageRequest,
  makeOf: (name: string) => Promise<T>,
): Promise<T> {
  await pullImage(globals, { ...request, progress: chooseProgress('auto', request.quiet) });
  return makeOf(request.name);
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

function imageOf(store: Store, { name, platform }: ImageRequest): ImageForContainer {
  return store.imageForContainer(name, namedPlatform(platform));
}

/** Undefined for one that is not there and may be pulled. */
function presentImage(store: Store, request: ImageRequest): ImageForContainer | undefined {
  try {
    return imageOf(store, request);
  } catch (error) {
    if (request.policy !== 'never' && isTinydError(error) && error.code === 'ERR_TINYD_IMAGE_NOT_FOUND')
      return undefined;
    throw error;
  }
}
