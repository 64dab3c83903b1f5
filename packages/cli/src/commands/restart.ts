import * as Args from '@oclif/core/args';
import { TinydCommand } from '../command';
import { stopFlags, stopOptions } from '../flags/stop-flags';
import { writeErr, writeOut } from '../output';

/** `tinyd restart`. */
export default class Restart extends TinydCommand {
  static override summary = 'Stop containers and start them again';
  static override examples = ['tinyd restart web'];
  static override args = {
    container: Args.string({ required: true, multiple: true, description: 'Name or ID' }),
  };
  static override flags = stopFlags;

  override async run(): Promise<void> {
    const { args, flags } = this.parseLine(Restart);
    const options = stopOptions(flags);
    const runtime = this.openRuntime();
    await this.forEach(args.container, async name => {
      const { warnings } = await (await runtime.reach(name, { toEnd: true })).restart(options);
      for (const warning of warnings) writeErr(`tinyd restart: warning: ${warning}\n`);
      writeOut(`${name}\n`);
    });
  }
}
