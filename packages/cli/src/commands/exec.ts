import * as Args from '@oclif/core/args';
import { TinydCommand } from '../command';
import { text, texts, toggle } from '../flags/define';
import { resolveEnvironment } from '../flags/environment';
import { parseWorkdir } from '../flags/process';
import { writeErr } from '../output';
import { attachOptions, becomeClient, terminalSize } from '../use-cases/attach-terminal';

/** `tinyd exec`. */
export default class Exec extends TinydCommand {
  static override summary = 'Run a further command in a running container';
  static override exitFamily = 'start' as const;
  static override interspersed = false;
  static override examples = [
    'tinyd exec -it web sh',
    'tinyd exec -u www-data -w /tmp web id',
    'tinyd exec -d web touch /ready',
  ];
  static override args = {
    container: Args.string({ required: true, description: 'Name or ID' }),
    command: Args.string({ required: true, multiple: true, description: 'The command and its arguments' }),
  };
  static override flags = {
    detach: toggle('Leave the command running', { char: 'd' }),
    'detach-keys': text('Keys that leave the command running', 'KEYS'),
    env: texts("Environment variable: K=V, or K to pass the host's value", 'VAR', { char: 'e' }),
    'env-file': texts('File of environment variables', 'FILE'),
    interactive: toggle('Attach input', { char: 'i' }),
    tty: toggle('Give the command a terminal', { char: 't' }),
    privileged: toggle('All capabilities, no confinement'),
    user: text('User, as name|uid[:group|gid]', 'USER', { char: 'u' }),
    workdir: text('Working directory', 'DIR', { char: 'w' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = this.parseLine(Exec);
    const { tty, interactive } = flags;
    const streams = { stdin: interactive, stdout: true, stderr: true };
    const terminal = { streams, tty, signalProxy: true, detachKeys: flags['detach-keys'] };
    const container = await this.openRuntime().reach(args.container);
    const { client, warnings } = await container.exec({
      command: args.command,
      env: resolveEnvironment(flags['env-file'], flags.env, process.env),
      tty,
      openStdin: interactive,
      privileged: flags.privileged,
      ...(flags.user === undefined ? {} : { user: flags.user }),
      ...(flags.workdir === undefined ? {} : { workingDir: parseWorkdir('workdir', flags.workdir) }),
      ...(tty && !flags.detach ? terminalSize() : undefined),
      ...(flags.detach ? {} : { attach: attachOptions(terminal) }),
    });
    for (const warning of warnings) writeErr(`tinyd exec: warning: ${warning}\n`);
    if (client !== undefined) becomeClient(client);
  }
}
