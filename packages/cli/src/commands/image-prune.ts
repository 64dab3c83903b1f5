import { TinydCommand } from '../command';
import { toggle } from '../flags/define';
import { parseFilterSwitch } from '../flags/filters';
import { pruneFlags } from '../flags/prune-flags';
import { showOut, writeErr } from '../output';
import { deletedImages, reclaimedSpace } from '../present/pruned';
import { stripControls } from '../present/strip-controls';
import { confirm } from '../use-cases/confirm';
import { parsePruneFilter, pruneImages } from '../use-cases/prune';

const DANGLING = /^dangling=/;

/** `--filter dangling=false` is docker's older word for --all; undefined: it is not there. */
function lastDangling(entries: readonly string[]): boolean | undefined {
  const value = entries.findLast(entry => DANGLING.test(entry))?.replace(DANGLING, '');
  return value === undefined ? undefined : parseFilterSwitch('dangling', value);
}

/** `tinyd image prune`. */
export default class ImagePrune extends TinydCommand {
  static override summary = 'Remove images that nothing needs, and partial downloads';
  static override group = 'Images' as const;
  static override examples = ['tinyd image prune', 'tinyd image prune -a -f --filter until=240h'];
  static override flags = {
    ...pruneFlags,
    all: toggle('Also remove images with a name, if no container was made from them', { char: 'a' }),
  };
  static override args = {};

  override async run(): Promise<void> {
    const { flags } = this.parseLine(ImagePrune);
    const dangling = lastDangling(flags.filter);
    const all = flags.all || dangling === false;
    const filter = parsePruneFilter(
      flags.filter.filter(entry => !DANGLING.test(entry)),
      Date.now(),
    );
    const which = all
      ? 'all images without at least one container associated to them'
      : 'all dangling images';
    if (!flags.force && !confirm(`This will remove ${which}.`)) return;
    const pruned = await pruneImages(this.openStore(), this.openRuntime(), { all, filter });
    if (pruned.problem !== undefined)
      writeErr(`tinyd image prune: warning: layers were kept: ${stripControls(pruned.problem)}\n`);
    showOut(deletedImages(pruned) + reclaimedSpace(pruned.freedBytes));
  }
}
