import * as Args from '@oclif/core/args';
import { parseReference, TinydError } from '@tinyd/core';
import { TinydCommand } from '../command';
import { text, texts } from '../flags/define';
import { applyChanges } from '../flags/image-changes';
import { writeErr, writeOut } from '../output';
import { archiveInput, stopInput } from '../use-cases/archive-input';
import { cancelOnSignal } from '../use-cases/cancel';
import { choosePlatform } from '../use-cases/platform';

/** `tinyd import`. */
export default class Import extends TinydCommand {
  static override summary = 'Make an image of a tar archive of a root file system';
  static override description =
    'The archive may be plain or compressed by gzip, zstd, xz or bzip2; the last two need the programs xz and bzip2. A zip, 7z, rar or cpio archive (up to 256 MB) is taken if a tar archive is the only file in it. It becomes the one layer of the image. Prints the image ID.';
  static override group = 'Images' as const;
  static override rootReason = 'layers keep the owners and device files that the archive gives them';
  static override examples = [
    'tinyd import rootfs.tar.xz mybase:1',
    'tinyd import -c \'CMD ["/bin/sh"]\' -c "ENV LANG=C" rootfs.tar mybase',
    'debootstrap --variant=tar bookworm - | tinyd import - debian:mine',
  ];
  static override args = {
    file: Args.string({ required: true, description: 'The archive, or - for standard input' }),
    name: Args.string({ description: 'Name of the image, as NAME[:TAG]; none when it is left out' }),
  };
  static override flags = {
    change: texts('Dockerfile instruction for the image: CMD, ENTRYPOINT, ENV, USER, …', 'LINE', {
      char: 'c',
    }),
    message: text("Comment for the image's history", 'TEXT', { char: 'm' }),
    platform: text('What the image runs on, as os/arch[/variant]; this machine by default', 'PLATFORM'),
  };

  override async run(): Promise<void> {
    const { args, flags } = this.parseLine(Import);
    const { file } = args;
    if (/^https?:\/\//.test(file)) {
      throw new TinydError(
        'ERR_TINYD_OPTION_UNSUPPORTED',
        `cannot import ${file}: downloading is left to others`,
        {
          hint: `curl -fL ${file} | tinyd import -`,
        },
      );
    }
    const reference = args.name === undefined ? undefined : parseReference(args.name);
    const config = applyChanges({}, flags.change);
    const input = archiveInput(file);
    if ('folder' in input) {
      throw new TinydError('ERR_TINYD_USAGE', `cannot import ${file}: it is a folder, and no archive`, {
        hint: `pack it first: tar -C ${file} -c . | tinyd import -`,
      });
    }
    const { os, architecture, variant } = choosePlatform(flags.platform).platform;
    const image = await cancelOnSignal(
      'import',
      signal => {
        stopInput(input, signal);
        return this.openStore().import(input, {
          ...(reference && { reference }),
          platform: { os, architecture, ...(variant && { variant }) },
          config,
          comment: flags.message ?? `Imported from ${file}`,
          created: new Date().toISOString(),
          signal,
        });
      },
      'nothing of it is kept: start again',
    );
    this.openRuntime().recordImage('import', image.imageId);
    for (const warning of image.warnings) writeErr(`tinyd import: warning: ${warning}\n`);
    writeOut(`${image.imageId}\n`);
  }
}
