import { TinydCommand } from '../command';
import { pruneFlags } from '../flags/prune-flags';
import { showOut } from '../output';
import { deletedContainers, reclaimedSpace } from '../present/pruned';
import { confirm } from '../use-cases/confirm';
import { parsePruneFilter, pruneContainers } from '../use-cases/prune';

/** `tinyd container prune`. */
export default class ContainerPrune extends TinydCommand {
  static override summary = 'Remove all containers that do not run';
  static override examples = ['tinyd container prune', 'tinyd container prune -f --filter until=24h'];
  static override flags = pruneFlags;
  static override args = {};

  override async run(): Promise<void> {
    const { flags } = this.parseLine(ContainerPrune);
    const filter = parsePruneFilter(flags.filter, Date.now());
    if (!flags.force && !confirm('This will remove all stopped containers.')) return;
    const { ids, freedBytes } = await pruneContainers(this.openRuntime(), filter);
    showOut(deletedContainers(ids) + reclaimedSpace(freedBytes));
  }
}
