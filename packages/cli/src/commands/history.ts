import * as Args from '@oclif/core/args';
import { TinydCommand } from '../command';
import { text, toggle } from '../flags/define';
import { showOut, stdoutWidth } from '../output';
import { historyListing } from '../present/history-rows';
import { renderListing } from '../present/list';
import { namedPlatform } from '../use-cases/platform';

/** `tinyd history`. */
export default class History extends TinydCommand {
  static override summary = 'Show the build steps of an image';
  static override group = 'Images' as const;
  static override examples = ['tinyd history nginx', 'tinyd history --no-trunc nginx:latest'];
  static override args = { image: Args.string({ required: true, description: 'Name or ID' }) };
  static override flags = {
    quiet: toggle('Print the IDs alone', { char: 'q' }),
    'no-trunc': toggle('Cut nothing'),
    human: toggle('Sizes and dates in words; --human=false gives bytes and times', {
      char: 'H',
      default: true,
    }),
    format: text('table, json, a template, or "table TEMPLATE"', 'FORMAT'),
    platform: text('Platform of the image, as os[/arch[/variant]]', 'PLATFORM'),
    json: toggle("One JSON array of tinyd's own typed rows"),
  };

  override async run(): Promise<void> {
    const { args, flags } = this.parseLine(History);
    const rows = this.openStore().history(args.image, namedPlatform(flags.platform));
    if (flags.json) return showOut(`${JSON.stringify(rows, null, 2)}\n`);
    const table = { noTrunc: flags['no-trunc'], human: flags.human, now: Date.now() };
    const style = {
      format: flags.format,
      quiet: flags.quiet,
      width: flags['no-trunc'] ? undefined : stdoutWidth(),
    };
    showOut(renderListing(historyListing(rows, table), style));
  }
}
