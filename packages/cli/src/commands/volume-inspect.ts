import * as Args from '@oclif/core/args';
import { TinydCommand } from '../command';
import { text } from '../flags/define';
import { Inspections } from '../present/inspections';

/** `tinyd volume inspect`. */
export default class VolumeInspect extends TinydCommand {
  static override summary = 'Show all about volumes, as JSON';
  static override group = 'Volumes' as const;
  static override examples = ['tinyd volume inspect data', "tinyd volume inspect -f '{{.Mountpoint}}' data"];
  static override args = { volume: Args.string({ required: true, multiple: true, description: 'Name' }) };
  static override flags = { format: text('json, or a template', 'FORMAT', { char: 'f' }) };

  override async run(): Promise<void> {
    const { args, flags } = this.parseLine(VolumeInspect);
    const { volumes } = this.openRuntime();
    const found = new Inspections(flags.format);
    await this.forEach(args.volume, name => {
      found.add(volumes.inspect(name));
    });
    found.end();
  }
}
