import * as Args from '@oclif/core/args';
import { isTinydError } from '@tinyd/core';
import { TinydCommand } from '../command';

/** `tinyd image exists`: podman's, for scripts. */
export default class ImageExists extends TinydCommand {
  static override summary = 'Tell by exit status whether an image is there';
  static override group = 'Images' as const;
  static override exitFamily = 'run' as const;
  static override examples = ['tinyd image exists nginx || tinyd load -i nginx.tar'];
  static override args = { image: Args.string({ required: true, description: 'Name or ID' }) };
  static override flags = {};

  override async run(): Promise<void> {
    const { args } = this.parseLine(ImageExists);
    try {
      this.openStore().findImage(args.image);
    } catch (error) {
      if (!isTinydError(error) || error.code !== 'ERR_TINYD_IMAGE_NOT_FOUND') throw error;
      process.exitCode = 1;
    }
  }
}
