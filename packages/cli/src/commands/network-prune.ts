import { TinydCommand } from '../command';
import { pruneFlags } from '../flags/prune-flags';
import { showOut } from '../output';
import { deletedNetworks } from '../present/pruned';
import { confirm } from '../use-cases/confirm';
import { parsePruneFilter, pruneNetworks } from '../use-cases/prune';

/** `tinyd network prune`. */
export default class NetworkPrune extends TinydCommand {
  static override summary = 'Remove networks that no running container is on';
  static override group = 'Networks' as const;
  static override examples = ['tinyd network prune', 'tinyd network prune -f --filter until=24h'];
  static override args = {};
  static override flags = pruneFlags;

  override async run(): Promise<void> {
    const { flags } = this.parseLine(NetworkPrune);
    const filter = parsePruneFilter(flags.filter, Date.now());
    const warning = 'This will remove all custom networks not used by at least one container.';
    if (!flags.force && !confirm(warning)) return;
    showOut(deletedNetworks(await pruneNetworks(this.openRuntime(), filter)));
  }
}
