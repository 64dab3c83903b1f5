import * as Args from '@oclif/core/args';
import { TinydCommand } from '../command';
import { text, toggle } from '../flags/define';
import { attachOptions, becomeClient } from '../use-cases/attach-terminal';

/** `tinyd attach`. */
export default class Attach extends TinydCommand {
  static override summary = 'Attach the terminal to a running container';
  static override examples = ['tinyd attach web', 'tinyd attach --no-stdin --sig-proxy=false web'];
  static override args = { container: Args.string({ required: true, description: 'Name or ID' }) };
  static override flags = {
    'detach-keys': text('Keys that leave the container running (ctrl-p,ctrl-q)', 'KEYS'),
    'no-stdin': toggle('Do not attach input'),
    'sig-proxy': toggle('Pass signals on to the process', { default: true }),
  };

  override async run(): Promise<void> {
    const { args, flags } = this.parseLine(Attach);
    const container = await this.openRuntime().reach(args.container);
    const { tty, openStdin } = container.record().options;
    const options = attachOptions({
      streams: { stdin: openStdin && !flags['no-stdin'], stdout: true, stderr: true },
      tty,
      signalProxy: flags['sig-proxy'],
      detachKeys: flags['detach-keys'],
      keysAlone: !flags['no-stdin'],
    });
    becomeClient(container.attach(options));
  }
}
