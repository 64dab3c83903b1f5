import * as Args from '@oclif/core/args';
import { TinydCommand } from '../command';
import { chooseAttachment } from '../flags/attachment';
import { createFlags, REFUSED_CREATE_FLAGS } from '../flags/create-flags';
import { writeOut } from '../output';
import { createContainer } from '../use-cases/create-container';

/** `tinyd create`. */
export default class Create extends TinydCommand {
  static override summary = 'Create a container without starting it';
  static override exitFamily = 'run' as const;
  static override interspersed = false;
  static override refusedFlags = REFUSED_CREATE_FLAGS;
  static override examples = [
    'tinyd create --name web -p 8080:80 -m 64m --cpus 0.5 nginx',
    'id=$(tinyd create -it busybox sh) && tinyd start -ai $id',
  ];
  static override args = {
    image: Args.string({
      required: true,
      description: 'Name or ID of the image, or a path: a folder or tar archive with a root file system',
    }),
    command: Args.string({ multiple: true, description: "Replaces the image's command" }),
  };
  static override flags = createFlags;

  override async run(): Promise<void> {
    const { args, flags } = this.parseLine(Create);
    const attached = chooseAttachment(flags.attach, flags.interactive, false);
    const request = { image: args.image, command: args.command ?? [], flags, attached };
    writeOut(`${(await createContainer(this.globals, () => this.openRuntime(), request)).id}\n`);
  }
}
