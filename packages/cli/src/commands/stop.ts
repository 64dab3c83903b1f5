import * as Args from '@oclif/core/args';
import { TinydCommand } from '../command';
import { stopFlags, stopOptions } from '../flags/stop-flags';
import { writeOut } from '../output';

/** `tinyd stop`. */
export default class Stop extends TinydCommand {
  static override summary = 'Stop containers';
  static override examples = ['tinyd stop web', 'tinyd stop --timeout 30 web db'];
  static override args = {
    container: Args.string({ required: true, multiple: true, description: 'Name or ID' }),
  };
  static override flags = stopFlags;

  override async run(): Promise<void> {
    const { args, flags } = this.parseLine(Stop);
    const options = stopOptions(flags);
    const runtime = this.openRuntime();
    await this.forEach(args.container, async name => {
      await (await runtime.reach(name, { toEnd: true })).stop(options);
      writeOut(`${name}\n`);
    });
  }
}
