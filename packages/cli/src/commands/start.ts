import * as Args from '@oclif/core/args';
import { TinydError } from '@tinyd/core';
import type { Container } from '@tinyd/runtime';
import { TinydCommand } from '../command';
import { text, toggle } from '../flags/define';
import { writeErr, writeOut } from '../output';
import { attachOptions, becomeClient, holdSignals, terminalSize } from '../use-cases/attach-terminal';

/** `tinyd start`. */
export default class Start extends TinydCommand {
  static override summary = 'Start containers';
  static override exitFamily = 'start' as const;
  static override refusedFlags = ['checkpoint', 'checkpoint-dir'];
  static override examples = ['tinyd start web db', 'tinyd start -ai shell'];
  static override args = {
    container: Args.string({ required: true, multiple: true, description: 'Name or ID' }),
  };
  static override flags = {
    attach: toggle('Attach output, and end with its exit status', { char: 'a' }),
    interactive: toggle('Attach input too', { char: 'i' }),
    'detach-keys': text('Keys that leave the container running', 'KEYS'),
    'sig-proxy': toggle('Pass signals on to the process', { default: true }),
  };

  override async run(): Promise<void> {
    const { args, flags } = this.parseLine(Start);
    const runtime = this.openRuntime();
    if (flags.attach || flags.interactive) {
      const [name = '', ...others] = args.container;
      if (others.length > 0)
        throw new TinydError('ERR_TINYD_USAGE', 'cannot start and attach several containers at once');
      return this.startAttached(await runtime.reach(name), flags);
    }
    await this.forEach(args.container, async name => {
      warn((await (await runtime.reach(name)).start()).warnings);
      writeOut(`${name}\n`);
    });
  }

  private async startAttached(
    container: Container,
    flags: { interactive: boolean; 'detach-keys': string | undefined; 'sig-proxy': boolean },
  ): Promise<void> {
    const { tty, openStdin } = container.record().options;
    const attach = attachOptions({
      streams: { stdin: flags.interactive && openStdin, stdout: true, stderr: true },
      tty,
      signalProxy: flags['sig-proxy'],
      detachKeys: flags['detach-keys'],
    });
    const size = tty ? terminalSize() : undefined;
    const { client, warnings } = await holdSignals(
      () => container.start({ attach, ...size }),
      signal => container.kill(signal),
    );
    warn(warnings);
    // It ran already: attach to what it writes from now on.
    becomeClient(client ?? container.attach(attach));
  }
}

function warn(warnings: readonly string[]): void {
  for (const warning of warnings) writeErr(`tinyd start: warning: ${warning}\n`);
}
