import * as Args from '@oclif/core/args';
import { TinydCommand } from '../command';
import { writeOut } from '../output';

/** `tinyd pause`. */
export default class Pause extends TinydCommand {
  static override summary = 'Freeze all processes of containers';
  static override examples = ['tinyd pause web'];
  static override args = {
    container: Args.string({ required: true, multiple: true, description: 'Name or ID' }),
  };
  static override flags = {};

  override async run(): Promise<void> {
    const { args } = this.parseLine(Pause);
    const runtime = this.openRuntime();
    await this.forEach(args.container, async name => {
      await (await runtime.reach(name)).pause();
      writeOut(`${name}\n`);
    });
  }
}
