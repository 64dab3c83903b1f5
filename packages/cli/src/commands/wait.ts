import * as Args from '@oclif/core/args';
import { TinydCommand } from '../command';
import { writeOut } from '../output';

/** `tinyd wait`. */
export default class Wait extends TinydCommand {
  static override summary = 'Wait until containers end and print their exit statuses';
  static override examples = ['tinyd wait web'];
  static override args = {
    container: Args.string({ required: true, multiple: true, description: 'Name or ID' }),
  };

  override async run(): Promise<void> {
    const { args } = this.parseLine(Wait);
    const runtime = this.openRuntime();
    await this.forEach(args.container, async name =>
      writeOut(`${await (await runtime.reach(name)).wait()}\n`),
    );
  }
}
