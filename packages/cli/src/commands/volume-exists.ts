import * as Args from '@oclif/core/args';
import { isTinydError } from '@tinyd/core';
import { TinydCommand } from '../command';

/** `tinyd volume exists`: podman's, for scripts. */
export default class VolumeExists extends TinydCommand {
  static override summary = 'Tell by exit status whether a volume is there';
  static override group = 'Volumes' as const;
  static override exitFamily = 'run' as const;
  static override examples = ['tinyd volume exists data || tinyd volume import data data.tar'];
  static override args = { volume: Args.string({ required: true, description: 'Name' }) };
  static override flags = {};

  override async run(): Promise<void> {
    const { args } = this.parseLine(VolumeExists);
    try {
      this.openRuntime().volumes.inspect(args.volume);
    } catch (error) {
      if (!isTinydError(error) || error.code !== 'ERR_TINYD_VOLUME_NOT_FOUND') throw error;
      process.exitCode = 1;
    }
  }
}
