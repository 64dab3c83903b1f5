import * as Args from '@oclif/core/args';
import { isTinydError } from '@tinyd/core';
import { TinydCommand } from '../command';
import { toggle } from '../flags/define';
import { writeErr, writeOut } from '../output';
import { formatError } from '../present/error';

/** `tinyd rm`. */
export default class Rm extends TinydCommand {
  static override summary = 'Remove containers';
  static override exitFamily = 'remove' as const;
  static override refusedFlags = ['link', 'l'];
  static override examples = [
    'tinyd rm web',
    'tinyd rm -f web db',
    'tinyd rm $(tinyd ps -aq --filter status=exited)',
  ];
  static override args = {
    container: Args.string({ required: true, multiple: true, description: 'Name or ID' }),
  };
  static override flags = {
    force: toggle('Kill a running container first; one that is not there is no error', { char: 'f' }),
    ignore: toggle('One that is not there is no error, and not reported', { char: 'i' }),
    volumes: toggle("Remove the container's anonymous volumes too", { char: 'v' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = this.parseLine(Rm);
    const runtime = this.openRuntime();
    await this.forEach(args.container, async name => {
      try {
        await runtime.find(name).remove({ force: flags.force, volumes: flags.volumes });
        writeOut(`${name}\n`);
      } catch (error) {
        // As in docker: who forces wants it gone, and it is.
        const isMissing = isTinydError(error) && error.code === 'ERR_TINYD_CONTAINER_NOT_FOUND';
        if (!isMissing || !(flags.force || flags.ignore)) throw error;
        if (!flags.ignore) writeErr(formatError(error, 'rm'));
      }
    });
  }
}
