import * as Args from '@oclif/core/args';
import { isTinydError } from '@tinyd/core';
import { TinydCommand } from '../command';

/** `tinyd container exists`: podman's, for scripts. */
export default class ContainerExists extends TinydCommand {
  static override summary = 'Tell by exit status whether a container is there';
  static override description = '0: it is there. 1: it is not. 125: that could not be found out.';
  static override exitFamily = 'run' as const;
  static override examples = ['tinyd container exists web || tinyd create --name web nginx'];
  static override args = { container: Args.string({ required: true, description: 'Name or ID' }) };
  static override flags = {};

  override async run(): Promise<void> {
    const { args } = this.parseLine(ContainerExists);
    try {
      this.openRuntime().find(args.container);
    } catch (error) {
      if (!isTinydError(error) || error.code !== 'ERR_TINYD_CONTAINER_NOT_FOUND') throw error;
      process.exitCode = 1;
    }
  }
}
