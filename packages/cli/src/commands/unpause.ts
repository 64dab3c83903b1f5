import * as Args from '@oclif/core/args';
import { TinydCommand } from '../command';
import { writeOut } from '../output';

/** `tinyd unpause`. */
export default class Unpause extends TinydCommand {
  static override summary = 'Let the processes of paused containers run on';
  static override examples = ['tinyd unpause web'];
  static override args = {
    container: Args.string({ required: true, multiple: true, description: 'Name or ID' }),
  };
  static override flags = {};

  override async run(): Promise<void> {
    const { args } = this.parseLine(Unpause);
    const runtime = this.openRuntime();
    await this.forEach(args.container, async name => {
      await (await runtime.reach(name)).unpause();
      writeOut(`${name}\n`);
    });
  }
}
