import * as Args from '@oclif/core/args';
import { isTinydError } from '@tinyd/core';
import { TinydCommand } from '../command';
import { toggle } from '../flags/define';
import { writeOut } from '../output';

/** `tinyd network rm`. */
export default class NetworkRm extends TinydCommand {
  static override summary = 'Remove networks';
  static override group = 'Networks' as const;
  static override exitFamily = 'remove' as const;
  static override examples = [
    'tinyd network rm app',
    'tinyd network rm $(tinyd network ls -q -f dangling=true)',
  ];
  static override args = {
    network: Args.string({ required: true, multiple: true, description: 'Name or ID' }),
  };
  static override flags = { force: toggle('One that is not there is no error', { char: 'f' }) };

  override async run(): Promise<void> {
    const { args, flags } = this.parseLine(NetworkRm);
    const { networks } = this.openRuntime();
    await this.forEach(args.network, async name => {
      try {
        await networks.remove(name);
      } catch (error) {
        if (!flags.force || !isTinydError(error) || error.code !== 'ERR_TINYD_NETWORK_NOT_FOUND') throw error;
        return;
      }
      writeOut(`${name}\n`);
    });
  }
}
