import * as Args from '@oclif/core/args';
import { isTinydError } from '@tinyd/core';
import { TinydCommand } from '../command';

/** `tinyd network exists`: podman's, for scripts. */
export default class NetworkExists extends TinydCommand {
  static override summary = 'Tell by exit status whether a network is there';
  static override description = '0: it is there. 1: it is not. 125: that could not be found out.';
  static override group = 'Networks' as const;
  static override exitFamily = 'run' as const;
  static override examples = ['tinyd network exists app || tinyd network create app'];
  static override args = { network: Args.string({ required: true, description: 'Name or ID' }) };
  static override flags = {};

  override async run(): Promise<void> {
    const { args } = this.parseLine(NetworkExists);
    try {
      this.openRuntime().networks.find(args.network);
    } catch (error) {
      if (!isTinydError(error) || error.code !== 'ERR_TINYD_NETWORK_NOT_FOUND') throw error;
      process.exitCode = 1;
    }
  }
}
