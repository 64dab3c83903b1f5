import * as Args from '@oclif/core/args';
import { TinydCommand } from '../command';
import { text } from '../flags/define';
import { parseSignal } from '../flags/process';
import { writeOut } from '../output';

/** `tinyd kill`. */
export default class Kill extends TinydCommand {
  static override summary = 'Send a signal to containers, SIGKILL by default';
  static override examples = ['tinyd kill web', 'tinyd kill --signal HUP web'];
  static override args = {
    container: Args.string({ required: true, multiple: true, description: 'Name or ID' }),
  };
  static override flags = { signal: text('Name or number', 'SIGNAL', { char: 's', default: 'KILL' }) };

  override async run(): Promise<void> {
    const { args, flags } = this.parseLine(Kill);
    const signal = parseSignal('signal', flags.signal ?? 'KILL');
    const runtime = this.openRuntime();
    await this.forEach(args.container, async name => {
      (await runtime.reach(name, { toEnd: true })).kill(signal);
      writeOut(`${name}\n`);
    });
  }
}
