import { TinydCommand } from '../command';
import { toggle } from '../flags/define';
import { pruneFlags } from '../flags/prune-flags';
import { showOut, writeErr } from '../output';
import { deletedContainers, deletedImages, reclaimedSpace } from '../present/pruned';
import { stripControls } from '../present/strip-controls';
import { confirm } from '../use-cases/confirm';
import { parsePruneFilter, pruneContainers, pruneImages } from '../use-cases/prune';

/** `tinyd system prune`. */
export default class SystemPrune extends TinydCommand {
  static override summary = 'Remove stopped containers, and images that nothing needs';
  static override group = 'Other' as const;
  static override refusedFlags = ['volumes'];
  static override examples = ['tinyd system prune', 'tinyd system prune -a -f --filter label!=keep'];
  static override flags = {
    ...pruneFlags,
    all: toggle('Also remove images with a name, if no container was made from them', { char: 'a' }),
  };
  static override args = {};

  override async run(): Promise<void> {
    const { flags } = this.parseLine(SystemPrune);
    const filter = parsePruneFilter(flags.filter, Date.now());
    if (!flags.force && !confirm(warning(flags))) return;
    const runtime = this.openRuntime();
    const containers = await pruneContainers(runtime, filter);
    showOut(deletedContainers(containers.ids));
    const images = await pruneImages(this.openStore(), runtime, { all: flags.all, filter });
    if (images.problem !== undefined)
      writeErr(`tinyd system prune: warning: layers were kept: ${stripControls(images.problem)}\n`);
    showOut(deletedImages(images) + reclaimedSpace(containers.freedBytes + images.freedBytes));
  }
}

function warning({ all, filter }: { readonly all: boolean; readonly filter: readonly string[] }): string {
  const images = all ? 'all images without at least one container associated to them' : 'all dangling images';
  const filters =
    filter.length === 0
      ? []
      : ['', '  Items to be pruned will be filtered with:', ...filter.map(each => `  - ${each}`)];
  return ['This will remove:', '  - all stopped containers', `  - ${images}`, ...filters, ''].join('\n');
}
