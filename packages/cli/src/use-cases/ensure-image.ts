import { familiarName, isTinydError, parseReference, TinydError } from '@tinyd/core';
import { openStore, type Store } from '@tinyd/store';
import type { Globals } from '../globals';
import { writeErr } from '../output';
import { chooseProgress } from '../progress/mode';
import { namedPlatform } from './platform';
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

/** Sees to it that the image is in the store. Fails with ERR_TINYD_IMAGE_NOT_FOUND where pulling is forbidden. */
export async function ensureImage(globals: Globals, request: ImageRequest): Promise<Store> {
  const store = openStore({ root: globals.root });
  if (request.policy !== 'always' && isPresent(store, request)) return store;
  if (request.policy === 'missing' && !request.quiet)
    writeErr(`Unable to find image '${familiarName(parseReference(request.name))}' locally\n`);
  await pullImage(globals, { ...request, progress: chooseProgress('auto', request.quiet) });
  return openStore({ root: globals.root });
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
