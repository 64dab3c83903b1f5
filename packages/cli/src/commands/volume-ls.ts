import { TinydCommand } from '../command';
import { text, texts, toggle } from '../flags/define';
import { showOut, stdoutWidth } from '../output';
import { renderListing } from '../present/list';
import { volumeListing } from '../present/volume-rows';
import { selectVolumes } from '../use-cases/filter-volumes';

/** `tinyd volume ls`. */
export default class VolumeLs extends TinydCommand {
  static override summary = 'List volumes';
  static override group = 'Volumes' as const;
  static override refusedFlags = ['cluster'];
  static override examples = [
    'tinyd volume ls',
    'tinyd volume ls -q --filter dangling=true',
    "tinyd volume ls --format '{{.Name}} {{.Mountpoint}}'",
  ];
  static override args = {};
  static override flags = {
    quiet: toggle('Print the names alone', { char: 'q' }),
    filter: texts('Show what matches: dangling, driver, label or name', 'FILTER', { char: 'f' }),
    format: text('table, json, a template, or "table TEMPLATE"', 'FORMAT'),
    json: toggle("One JSON array of tinyd's own typed rows"),
  };

  override async run(): Promise<void> {
    const { flags } = this.parseLine(VolumeLs);
    const runtime = this.openRuntime();
    await runtime.settle();
    const volumes = selectVolumes(runtime.volumes.list(), flags.filter);
    if (flags.json) return showOut(`${JSON.stringify(volumes, null, 2)}\n`);
    const style = { format: flags.format, quiet: flags.quiet, width: stdoutWidth() };
    showOut(renderListing(volumeListing(volumes), style));
  }
}
