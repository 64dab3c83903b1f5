import * as Args from '@oclif/core/args';
import { TinydCommand } from '../command';

/** `tinyd tag`. */
export default class Tag extends TinydCommand {
  static override summary = 'Give an image a further name';
  static override group = 'Images' as const;
  static override examples = ['tinyd tag nginx registry.example/team/web:v1'];
  static override args = {
    source: Args.string({ required: true, description: 'Name or ID of the image' }),
    target: Args.string({ required: true, description: 'New name, as NAME[:TAG]' }),
  };

  override async run(): Promise<void> {
    const { args } = this.parseLine(Tag);
    const store = this.openStore();
    await store.tag(args.source, args.target);
    this.openRuntime().recordImage('tag', store.findImage(args.target).id, args.target);
  }
}
