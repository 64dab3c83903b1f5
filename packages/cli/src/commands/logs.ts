import * as Args from '@oclif/core/args';
import { TinydError } from '@tinyd/core';
import type { LogOptions } from '@tinyd/runtime';
import { TinydCommand } from '../command';
import { text, toggle } from '../flags/define';
import { parseLogTime } from '../flags/log-times';
import { parseInteger } from '../flags/numbers';
import { writeErr, writeOut } from '../output';

/** `tinyd logs`. */
export default class Logs extends TinydCommand {
  static override summary = "Show what a container's process wrote";
  static override refusedFlags = ['details'];
  static override examples = [
    'tinyd logs -f web',
    'tinyd logs --tail 100 --timestamps web',
    'tinyd logs --since 42m web',
  ];
  static override args = { container: Args.string({ required: true, description: 'Name or ID' }) };
  static override flags = {
    follow: toggle('Go on while the container runs', { char: 'f' }),
    tail: text('The last N lines, or all', 'N', { char: 'n', default: 'all' }),
    since: text('Nothing before this time, or older than this', 'TIME'),
    until: text('Nothing behind this time', 'TIME'),
    timestamps: toggle('Put the time in front of each line', { char: 't' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = this.parseLine(Logs);
    const now = Date.now();
    const options: LogOptions = {
      follow: flags.follow,
      ...(flags.tail === undefined || flags.tail === 'all' || Number(flags.tail) < 0
        ? {}
        : { tail: parseInteger('tail', flags.tail, 0) }),
      ...(flags.since === undefined ? {} : { sinceNs: parseLogTime('since', flags.since, now) }),
      ...(flags.until === undefined ? {} : { untilNs: parseLogTime('until', flags.until, now) }),
    };
    const container = await this.openRuntime().reach(args.container);
    if (container.record().options.log.driver === 'none') {
      throw new TinydError(
        'ERR_TINYD_OPTION_INVALID',
        `cannot show the log of ${args.container}: it was created with --log-driver none`,
      );
    }
    for await (const entry of container.logs(options)) {
      const line = flags.timestamps ? `${entry.time} ${entry.text}` : entry.text;
      if (entry.stream === 'stderr') writeErr(line);
      else writeOut(line);
    }
  }
}
