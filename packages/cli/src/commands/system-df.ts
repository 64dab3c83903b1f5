import { TinydCommand } from '../command';
import { text, toggle } from '../flags/define';
import { showOut, stdoutWidth } from '../output';
import {
  diskUsageDocument,
  diskUsageListing,
  diskUsageOfContainers,
  diskUsageOfImages,
  diskUsageOfVolumes,
} from '../present/disk-usage-rows';
import { renderFormat } from '../present/format';
import { renderListing } from '../present/list';
import { diskUsage } from '../use-cases/disk-usage';

/** `tinyd system df`. */
export default class SystemDf extends TinydCommand {
  static override summary = 'Show the space that images, containers and volumes take';
  static override group = 'Other' as const;
  static override examples = [
    'tinyd system df',
    'tinyd system df -v',
    "tinyd system df --format '{{.Type}} {{.Size}}'",
  ];
  static override flags = {
    verbose: toggle('Show each image, container and volume', { char: 'v' }),
    format: text('table, json, a template, or "table TEMPLATE"', 'FORMAT'),
  };
  static override args = {};

  override async run(): Promise<void> {
    const { flags } = this.parseLine(SystemDf);
    const usage = await diskUsage(this.openStore(), this.openRuntime());
    const style = { format: flags.format, quiet: false, width: stdoutWidth() };
    if (!flags.verbose) return showOut(renderListing(diskUsageListing(usage), style));
    const now = Date.now();
    const format = flags.format || 'table';
    if (!/^table( |$)/.test(format)) return showOut(renderFormat(diskUsageDocument(usage, now), format));
    const cut = { noTrunc: false, now };
    showOut(`Images space usage:\n\n${renderListing(diskUsageOfImages(usage, cut), style)}`);
    showOut(`\nContainers space usage:\n\n${renderListing(diskUsageOfContainers(usage, cut), style)}`);
    showOut(`\nLocal Volumes space usage:\n\n${renderListing(diskUsageOfVolumes(usage), style)}`);
  }
}
