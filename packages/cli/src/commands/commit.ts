import * as Args from '@oclif/core/args';
import { TinydCommand } from '../command';
import { text, texts, toggle } from '../flags/define';
import { writeErr, writeOut } from '../output';
import { commitToArchive } from '../use-cases/commit-archive';
import { commitContainer } from '../use-cases/commit-container';

/** `tinyd commit`. */
export default class Commit extends TinydCommand {
  static override summary = "Make an image of a container's files";
  static override description =
    'The changes become one more layer on the image of the container. What is mounted in it is left out. Prints the image ID. With --output the image goes into an archive, as save writes them, instead of the store.';
  static override rootReason = 'layers keep the owners and device files that the container has';
  static override examples = [
    'tinyd commit web team/web:patched',
    'tinyd commit -c \'CMD ["nginx", "-t"]\' -c "ENV DEBUG=1" -m "tracing" web web:debug',
    'tinyd commit -o web.tar web team/web:patched',
    'SOURCE_DATE_EPOCH=1700000000 tinyd commit --reproducible web team/web:v2',
  ];
  static override args = {
    container: Args.string({ required: true, description: 'Name or ID' }),
    name: Args.string({ description: 'Name of the image, as NAME[:TAG]; none when it is left out' }),
  };
  static override flags = {
    author: text('Who made it', 'TEXT', { char: 'a' }),
    change: texts('Dockerfile instruction for the image: CMD, ENTRYPOINT, ENV, USER, …', 'LINE', {
      char: 'c',
    }),
    message: text("Comment for the image's history", 'TEXT', { char: 'm' }),
    output: text('Write an archive to this file instead', 'FILE', { char: 'o' }),
    pause: toggle('Freeze the container meanwhile; --pause=false lets it run on', {
      char: 'p',
      default: true,
    }),
    reproducible: toggle('Same content, same image ID: no time is later than $SOURCE_DATE_EPOCH, or 1970'),
  };

  override async run(): Promise<void> {
    const { args, flags } = this.parseLine(Commit);
    const { author, change: changes, message, pause, reproducible } = flags;
    const runtime = this.openRuntime();
    const container = await runtime.reach(args.container);
    const store = this.openStore();
    const wanted = { name: args.name, author, changes, message, pause, reproducible };
    const { output } = flags;
    const image =
      output === undefined
        ? await commitContainer(store, container, wanted)
        : await commitToArchive({ store, runtime, container }, wanted, output);
    container.recordCommit(image.imageId, flags.message ?? '');
    for (const warning of image.warnings) writeErr(`tinyd commit: warning: ${warning}\n`);
    writeOut(`${image.imageId}\n`);
  }
}
