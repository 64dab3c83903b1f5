import { TinydError } from '@tinyd/core';
import type { Container, Runtime } from '@tinyd/runtime';
import {
  type Attachment,
  bindImage,
  type CreateFlagValues,
  readCreateOptions,
} from '../flags/create-options';
import type { Globals } from '../globals';
import { claimCidFile } from './cid-file';
import { namedPlatform } from './platform';
import { parsePullPolicy, withImage } from './with-image';

/** A container to be made. */
export interface CreateRequest {
  readonly image: string;
  readonly command: readonly string[];
  readonly flags: CreateFlagValues;
  readonly attached: Attachment;
}

/**
 * Reads the options, brings the image if need be, and makes the container.
 *
 * A mistake in the options is told before anything is pulled. The image cannot be removed between being found and
 * being recorded as used.
 *
 * @param openRuntime of the command: asked for once the image is there
 */
export async function createContainer(
  globals: Globals,
  openRuntime: () => Runtime,
  request: CreateRequest,
): Promise<Container> {
  const { flags } = request;
  const options = readCreateOptions(flags, request.attached);
  const replace = flags.replace === true;
  if (replace && options.name === undefined) {
    throw new TinydError(
      'ERR_TINYD_OPTION_INVALID',
      'cannot use --replace: there is no --name whose container it could be',
      {
        hint: 'give --name too',
      },
    );
  }
  const platform = textOf(flags.platform);
  const policy = parsePullPolicy(textOf(flags.pull) ?? 'missing');
  const named = namedPlatform(platform);
  const cidFile = claimCidFile(textOf(flags.cidfile));
  try {
    const wanted = { name: request.image, platform, policy, quiet: flags.quiet === true };
    const container = await withImage(globals, wanted, (image, store) => {
      const find = (name: string) => store.imageForContainer(name, named);
      return openRuntime().create(bindImage(options, image, request.command, find), { replace });
    });
    cidFile.write(container.id);
    return container;
  } catch (error) {
    cidFile.discard();
    throw error;
  }
}

function textOf(value: CreateFlagValues[string]): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
