import { TinydCommand } from '../command';
import { listFlags } from '../flags/list-flags';
import { showOut, stdoutWidth } from '../output';
import { renderListing } from '../present/list';
import { networkListing } from '../present/network-rows';
import { selectNetworks } from '../use-cases/filter-networks';

/** `tinyd network ls`. */
export default class NetworkLs extends TinydCommand {
  static override summary = 'List networks';
  static override group = 'Networks' as const;
  static override examples = [
    'tinyd network ls',
    'tinyd network ls -q --filter dangling=true',
    "tinyd network ls --format '{{.Name}} {{.Internal}}'",
  ];
  static override args = {};
  static override flags = listFlags;

  override async run(): Promise<void> {
    const { flags } = this.parseLine(NetworkLs);
    const runtime = this.openRuntime();
    await runtime.settle();
    const networks = selectNetworks(runtime.networks.list(), flags.filter);
    if (flags.json) return showOut(`${JSON.stringify(networks, null, 2)}\n`);
    const style = { format: flags.format, quiet: flags.quiet, width: stdoutWidth() };
    showOut(renderListing(networkListing(networks, flags['no-trunc']), style));
  }
}
