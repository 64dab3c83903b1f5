import * as Args from '@oclif/core/args';
import { TinydCommand } from '../command';
import { toggle } from '../flags/define';
import { writeOut } from '../output';
import { imageUsers } from '../use-cases/prune';

/** `tinyd rmi`. */
export default class Rmi extends TinydCommand {
  static override summary = 'Remove images';
  static override group = 'Images' as const;
  static override exitFamily = 'remove' as const;
  static override refusedFlags = ['no-prune', 'platform'];
  static override examples = ['tinyd rmi nginx', 'tinyd rmi --force 0123456789ab'];
  static override args = {
    image: Args.string({ required: true, multiple: true, description: 'Name or ID' }),
  };
  static override flags = {
    force: toggle('Remove all names of an image that is given by ID', { char: 'f' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = this.parseLine(Rmi);
    const store = this.openStore();
    const runtime = this.openRuntime();
    const usedBy = (imageId: string) => imageUsers(runtime, imageId);
    await this.forEach(args.image, async image => {
      for (const item of await store.removeImage(image, { force: flags.force, usedBy })) {
        if ('untagged' in item) runtime.recordImage('untag', item.untagged);
        else runtime.recordImage('delete', item.deleted);
        writeOut('untagged' in item ? `Untagged: ${item.untagged}\n` : `Deleted: ${item.deleted}\n`);
      }
    });
  }
}
