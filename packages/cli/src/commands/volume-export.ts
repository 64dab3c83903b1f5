import * as Args from '@oclif/core/args';
import { TinydCommand } from '../command';
import { text } from '../flags/define';
import { writeOut } from '../output';
import { refuseTerminal } from '../use-cases/refuse-terminal';
import { writeWholeFile } from '../use-cases/whole-file';

/** `tinyd volume export`. */
export default class VolumeExport extends TinydCommand {
  static override summary = 'Write what is in a volume as a tar archive';
  static override group = 'Volumes' as const;
  static override examples = [
    'tinyd volume export -o data.tar data',
    'tinyd volume export data | gzip > data.tar.gz',
  ];
  static override args = { volume: Args.string({ required: true, description: 'Name' }) };
  static override flags = {
    output: text('Write to a file instead of standard output', 'FILE', { char: 'o' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = this.parseLine(VolumeExport);
    const { volumes } = this.openRuntime();
    if (flags.output !== undefined) {
      return writeWholeFile(flags.output, write => volumes.export(args.volume, write));
    }
    refuseTerminal('write an archive', 1);
    await volumes.export(args.volume, writeOut);
  }
}
