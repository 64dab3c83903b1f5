import * as Args from '@oclif/core/args';
import { isTinydError } from '@tinyd/core';
import { TinydCommand } from '../command';
import { toggle } from '../flags/define';
import { writeOut } from '../output';

/** `tinyd volume rm`. */
export default class VolumeRm extends TinydCommand {
  static override summary = 'Remove volumes and all that is in them';
  static override group = 'Volumes' as const;
  static override examples = ['tinyd volume rm data', 'tinyd volume rm $(tinyd volume ls -q)'];
  static override args = { volume: Args.string({ required: true, multiple: true, description: 'Name' }) };
  static override flags = { force: toggle('One that is not there is no error', { char: 'f' }) };

  override async run(): Promise<void> {
    const { args, flags } = this.parseLine(VolumeRm);
    const { volumes } = this.openRuntime();
    await this.forEach(args.volume, async name => {
      try {
        await volumes.remove(name);
      } catch (error) {
        if (!flags.force || !isTinydError(error) || error.code !== 'ERR_TINYD_VOLUME_NOT_FOUND') throw error;
      }
      writeOut(`${name}\n`);
    });
  }
}
