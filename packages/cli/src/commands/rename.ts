import * as Args from '@oclif/core/args';
import { TinydCommand } from '../command';

/** `tinyd rename`. */
export default class Rename extends TinydCommand {
  static override summary = 'Give a container another name';
  static override examples = ['tinyd rename web web-old'];
  static override args = {
    container: Args.string({ required: true, description: 'Name or ID' }),
    name: Args.string({ required: true, description: 'The new name' }),
  };
  static override flags = {};

  override async run(): Promise<void> {
    const { args } = this.parseLine(Rename);
    await (await this.openRuntime().reach(args.container)).rename(args.name);
  }
}
