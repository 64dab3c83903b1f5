import * as Args from '@oclif/core/args';
import { TinydError } from '@tinyd/core';
import { TinydCommand } from '../command';
import { readLimitFlags } from '../flags/create-options';
import { text } from '../flags/define';
import { limitFlags } from '../flags/limit-flags';
import { parseRestartPolicy } from '../flags/restart-policy';
import { writeErr, writeOut } from '../output';

/** `tinyd update`. */
export default class Update extends TinydCommand {
  static override summary = 'Change the limits and the restart policy of containers';
  static override description =
    'A running container is limited at once. 0 takes a limit away. A value that is refused changes nothing.';
  static override examples = [
    'tinyd update -m 256m web',
    'tinyd update --cpus 1.5 --pids-limit 200 web db',
    'tinyd update --restart unless-stopped web',
  ];
  static override refusedFlags = ['cpu-rt-period', 'cpu-rt-runtime', 'kernel-memory'];
  static override args = {
    container: Args.string({ required: true, multiple: true, description: 'Name or ID' }),
  };
  static override flags = {
    ...limitFlags,
    restart: text('When to start it again: no, on-failure[:TIMES], always or unless-stopped', 'POLICY'),
  };

  override async run(): Promise<void> {
    const { args, flags } = this.parseLine(Update);
    const changes = readLimitFlags(flags);
    const restart = flags.restart === undefined ? undefined : parseRestartPolicy('restart', flags.restart);
    if (Object.keys(changes).length === 0 && restart === undefined) {
      throw new TinydError('ERR_TINYD_USAGE', 'one or more limits or a restart policy must be given', {
        hint: 'tinyd update --help lists them',
      });
    }
    const runtime = this.openRuntime();
    await this.forEach(args.container, async name => {
      for (const warning of await (await runtime.reach(name)).update(changes, restart)) {
        writeErr(`tinyd update: warning: ${warning}\n`);
      }
      writeOut(`${name}\n`);
    });
  }
}
