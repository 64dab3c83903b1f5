import * as Args from '@oclif/core/args';
import { TinydCommand } from '../command';
import { chooseAttachment } from '../flags/attachment';
import { createFlags, REFUSED_CREATE_FLAGS } from '../flags/create-flags';
import { text, toggle } from '../flags/define';
import { writeErr, writeOut } from '../output';
import { attachOptions, becomeClient, holdSignals, terminalSize } from '../use-cases/attach-terminal';
import { createContainer } from '../use-cases/create-container';

const RUN_ONLY = ['detach', 'detach-keys', 'sig-proxy'];

/** `tinyd run`. */
export default class Run extends TinydCommand {
  static override summary = 'Create a container from an image and start it';
  static override exitFamily = 'run' as const;
  static override interspersed = false;
  static override refusedFlags = REFUSED_CREATE_FLAGS.filter(name => !RUN_ONLY.includes(name));
  static override examples = [
    'tinyd run --rm -it busybox sh',
    'tinyd run -d --name web -p 8080:80 nginx',
    'tinyd run -d --replace --name web --restart unless-stopped -p 8080:80 nginx',
    'tinyd run --rm -v "$PWD:/src:ro" -w /src -u 1000 debian ls',
    'tinyd run -it ./busybox.tar.xz sh',
    'tinyd run --rm -m 64m --cpus 0.5 --network none busybox free',
  ];
  static override args = {
    image: Args.string({
      required: true,
      description:
        'Name or ID of the image, pulled when it is not there; or a path: a folder or tar archive with a root file system',
    }),
    command: Args.string({ multiple: true, description: "Replaces the image's command" }),
  };
  static override flags = {
    detach: toggle("Leave it running and print the container's ID", { char: 'd' }),
    ...createFlags,
    'detach-keys': text('Keys that leave the container running', 'KEYS', { helpGroup: 'process' }),
    'sig-proxy': toggle('Pass signals on to the process', { helpGroup: 'process', default: true }),
  };

  override async run(): Promise<void> {
    const { args, flags } = this.parseLine(Run);
    const attached = chooseAttachment(flags.attach, flags.interactive, flags.detach);
    const terminal = { tty: flags.tty, signalProxy: flags['sig-proxy'], detachKeys: flags['detach-keys'] };
    const attach = flags.detach ? undefined : attachOptions({ streams: attached, ...terminal });
    const request = { image: args.image, command: args.command ?? [], flags, attached };
    const container = await createContainer(this.globals, () => this.openRuntime(), request);
    const size = flags.tty ? terminalSize() : undefined;
    const start = () => container.start({ ...(attach && { attach }), ...size });
    const { client, warnings } = await (attach
      ? holdSignals(start, signal => container.kill(signal))
      : start());
    for (const warning of warnings) writeErr(`tinyd run: warning: ${warning}\n`);
    if (client === undefined) return writeOut(`${container.id}\n`);
    becomeClient(client);
  }
}
