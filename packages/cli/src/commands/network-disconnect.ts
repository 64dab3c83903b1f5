import * as Args from '@oclif/core/args';
import { TinydCommand } from '../command';
import { toggle } from '../flags/define';

/** `tinyd network disconnect`. */
export default class NetworkDisconnect extends TinydCommand {
  static override summary = 'Take a container off a network';
  static override group = 'Networks' as const;
  static override examples = ['tinyd network disconnect app web'];
  static override args = {
    network: Args.string({ required: true, description: 'Name or ID' }),
    container: Args.string({ required: true, description: 'Name or ID' }),
  };
  static override flags = { force: toggle('One that is not on the network is no error', { char: 'f' }) };

  override async run(): Promise<void> {
    const { args, flags } = this.parseLine(NetworkDisconnect);
    await (await this.openRuntime().reach(args.container)).disconnect(args.network, { force: flags.force });
  }
}
