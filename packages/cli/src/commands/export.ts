import * as Args from '@oclif/core/args';
import { TinydCommand } from '../command';
import { text } from '../flags/define';
import { writeOut } from '../output';
import { refuseTerminal } from '../use-cases/refuse-terminal';
import { writeWholeFile } from '../use-cases/whole-file';

/** `tinyd export`. */
export default class Export extends TinydCommand {
  static override summary = "Write a container's files as a tar archive";
  static override description =
    'Works on containers that run and on those that do not. What is mounted in the container is left out.';
  static override examples = ['tinyd export -o web.tar web', 'tinyd export web | gzip > web.tar.gz'];
  static override args = { container: Args.string({ required: true, description: 'Name or ID' }) };
  static override flags = {
    output: text('Write to a file instead of standard output', 'FILE', { char: 'o' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = this.parseLine(Export);
    const container = await this.openRuntime().reach(args.container);
    if (flags.output !== undefined) {
      return writeWholeFile(flags.output, write => container.export(write));
    }
    refuseTerminal('write an archive', 1);
    await container.export(writeOut);
  }
}
