import * as Args from '@oclif/core/args';
import { TinydCommand } from '../command';
import { text } from '../flags/define';
import { writeOut } from '../output';
import { namedPlatform } from '../use-cases/platform';
import { refuseTerminal } from '../use-cases/refuse-terminal';
import { writeWholeFile } from '../use-cases/whole-file';

/** `tinyd save`. */
export default class Save extends TinydCommand {
  static override summary = 'Write images to a tar archive';
  static override description =
    'The archive is read by docker load and by everything that reads OCI image layouts. It goes to standard output unless ' +
    '--output names a file. An image given by ID has no name in it. The same images make the same bytes.';
  static override group = 'Images' as const;
  static override examples = [
    'tinyd save -o nginx.tar nginx',
    'tinyd save nginx busybox | gzip > images.tar.gz',
    'tinyd save nginx | ssh host tinyd load',
  ];
  static override args = {
    image: Args.string({ required: true, multiple: true, description: 'Name or ID' }),
  };
  static override flags = {
    output: text('Write to this file instead of standard output', 'FILE', { char: 'o' }),
    platform: text('Of the images of one name, the one for this platform', 'PLATFORM'),
  };

  override async run(): Promise<void> {
    const { args, flags } = this.parseLine(Save);
    const platform = namedPlatform(flags.platform);
    const store = this.openStore();
    if (flags.output !== undefined) {
      return writeWholeFile(flags.output, write => store.save(args.image, platform, write));
    }
    refuseTerminal('write an archive', 1);
    await store.save(args.image, platform, writeOut);
  }
}
