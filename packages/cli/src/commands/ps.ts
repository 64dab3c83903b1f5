import type { ContainerSummary } from '@tinyd/runtime';
import { TinydCommand } from '../command';
import { text, toggle } from '../flags/define';
import { listFlags } from '../flags/list-flags';
import { parseInteger } from '../flags/numbers';
import { showOut, stdoutWidth } from '../output';
import { type ContainerSizes, containerListing } from '../present/container-rows';
import { renderListing } from '../present/list';
import { selectContainers } from '../use-cases/filter-containers';

/** `tinyd ps`. */
export default class Ps extends TinydCommand {
  static override summary = 'List containers';
  static override examples = [
    'tinyd ps',
    'tinyd ps -a --filter status=exited',
    "tinyd ps --format 'table {{.Names}}\\t{{.Status}}\\t{{.Ports}}'",
  ];
  static override flags = {
    ...listFlags,
    all: toggle('Show all, not only running ones', { char: 'a' }),
    last: text('Show the last N created, whatever their state', 'N', { char: 'n' }),
    latest: toggle('Show the latest created', { char: 'l' }),
    size: toggle('Show sizes', { char: 's' }),
  };
  static override args = {};
  /** Listing looks at every container that runs anyway. */
  static override mendsNetworks = false;

  override async run(): Promise<void> {
    const { flags } = this.parseLine(Ps);
    const last = flags.latest ? 1 : parseInteger('last', flags.last ?? '-1', -1);
    const runtime = this.openRuntime();
    const onlyUp = !flags.all && last < 0 && flags.filter.length === 0;
    const selection = { all: flags.all, last: last < 0 ? undefined : last, filters: flags.filter };
    const containers = selectContainers(await runtime.settledContainers({ onlyUp }), selection, {
      containerId: name => runtime.find(name).id,
      networkName: text => runtime.networks.find(text).name,
      imageId: name => this.openStore().findImage(name).id,
    });
    const sizes = flags.size ? { sizes: this.sizesOf(containers) } : {};
    if (flags.json) {
      const typed = containers.map(each => ({
        ...each,
        ...(sizes.sizes && { size: sizes.sizes.get(each.id) }),
      }));
      return showOut(`${JSON.stringify(typed, null, 2)}\n`);
    }
    const table = { noTrunc: flags['no-trunc'], now: Date.now(), ...sizes };
    const style = {
      format: flags.format,
      quiet: flags.quiet,
      width: flags['no-trunc'] ? undefined : stdoutWidth(),
    };
    showOut(renderListing(containerListing(containers, table), style));
  }

  private sizesOf(containers: readonly ContainerSummary[]): Map<string, ContainerSizes> {
    const runtime = this.openRuntime();
    const images = new Map(
      this.openStore()
        .images()
        .map(image => [image.id as string, image.sizeBytes]),
    );
    return new Map(
      containers.map(({ id, imageId }) => {
        const writable = runtime.find(id).size();
        return [id, { writable, virtual: writable + (images.get(imageId) ?? 0) }];
      }),
    );
  }
}
