import { type ImageProcessConfig, TinydError } from '@tinyd/core';
import type { CreateOptions } from '../options';

/** docker's `Path` and `Args`, and the two `Config` keys they come from. */
export interface ProcessArguments {
  readonly entrypoint: readonly string[] | null;
  readonly command: readonly string[] | null;
  /** entrypoint and command joined: what is executed. */
  readonly argv: readonly string[];
}

/**
 * Joins the image's Entrypoint and Cmd with the user's, as docker does: a user's entrypoint (also an empty one, which
 * resets the image's) drops the image's Cmd; a user's command replaces Cmd alone.
 *
 * Fails with ERR_TINYD_COMMAND_MISSING when nothing is left to run.
 */
export function processArguments(
  image: ImageProcessConfig,
  options: Pick<CreateOptions, 'entrypoint' | 'command'>,
): ProcessArguments {
  const ownEntrypoint = options.entrypoint;
  const entrypoint = ownEntrypoint === undefined ? (image.Entrypoint ?? []) : ownEntrypoint;
  const imageCommand = ownEntrypoint === undefined ? (image.Cmd ?? []) : [];
  const command = options.command.length > 0 ? options.command : imageCommand;
  const argv = [...entrypoint, ...command];
  if (argv.length === 0 || argv[0] === '') {
    throw new TinydError('ERR_TINYD_COMMAND_MISSING', 'cannot create container: no command specified', {
      hint: 'put one after the image name: neither the image nor --entrypoint names any',
    });
  }
  refuseNul(argv);
  return {
    entrypoint: entrypoint.length > 0 ? entrypoint : null,
    command: command.length > 0 ? command : null,
    argv,
  };
}

function refuseNul(argv: readonly string[]): void {
  const bad = argv.find(argument => argument.includes('\0'));
  if (bad === undefined) return;
  throw new TinydError(
    'ERR_TINYD_OPTION_INVALID',
    `cannot pass argument ${JSON.stringify(bad)}: it contains a NUL byte`,
  );
}
