import { TinydCommand } from '../command';
import { text, texts } from '../flags/define';
import { invalidFlag } from '../flags/invalid';
import { parseLogTime } from '../flags/log-times';
import { writeOut } from '../output';
import { eventPrinter } from '../present/event-line';
import { eventFilter } from '../use-cases/filter-events';

/** `tinyd events`. */
export default class Events extends TinydCommand {
  static override summary = 'Show events of containers, images, volumes and networks';
  static override group = 'Other' as const;
  static override description =
    'Without --since it shows what happens from now on, or with --until what is known until then; without --until it goes on until it is interrupted. Every command and every monitor writes to a journal below the state folder, of which the last 1 to 2 MiB are kept until the host is restarted.';
  static override examples = [
    'tinyd events',
    'tinyd events --since 10m --until 0s --filter type=container --filter event=die',
    "tinyd events --filter container=web --format '{{.Action}} {{.Actor.Attributes.exitCode}}'",
  ];
  static override flags = {
    since: text('Begin with what happened since this time, or in the last TIME', 'TIME'),
    until: text('End at this time', 'TIME'),
    filter: texts('container, event, image, label, network, scope, type or volume, as KEY=VALUE', 'FILTER', {
      char: 'f',
    }),
    format: text('json, or a template', 'FORMAT'),
  };
  static override args = {};

  override async run(): Promise<void> {
    const { flags } = this.parseLine(Events);
    const now = Date.now();
    const isWanted = eventFilter(flags.filter);
    const print = eventPrinter(flags.format);
    const untilNs = flags.until === undefined ? undefined : parseLogTime('until', flags.until, now);
    const beginning = untilNs === undefined ? undefined : 0n;
    const sinceNs = flags.since === undefined ? beginning : parseLogTime('since', flags.since, now);
    if (sinceNs !== undefined && untilNs !== undefined && sinceNs > untilNs)
      throw invalidFlag('since', flags.since ?? '', 'it is after --until');
    const events = this.openRuntime().events({
      ...(sinceNs === undefined ? {} : { sinceNs }),
      ...(untilNs === undefined ? {} : { untilNs }),
    });
    for await (const event of events) {
      if (isWanted(event)) writeOut(`${print(event)}\n`);
    }
  }
}
