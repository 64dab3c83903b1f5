import { TinydCommand } from '../command';
import { texts, toggle } from '../flags/define';
import { showOut } from '../output';
import { humanSize } from '../present/units';
import { confirm } from '../use-cases/confirm';
import { prunableVolumes, prunesAll } from '../use-cases/filter-volumes';

/** `tinyd volume prune`. */
export default class VolumePrune extends TinydCommand {
  static override summary = 'Remove volumes that no container uses';
  static override group = 'Volumes' as const;
  static override examples = [
    'tinyd volume prune',
    'tinyd volume prune --all --force',
    "tinyd volume prune --filter 'label!=keep'",
  ];
  static override args = {};
  static override flags = {
    all: toggle('Remove named ones too, not only anonymous ones', { char: 'a' }),
    filter: texts('Remove what matches: label or label!', 'FILTER'),
    force: toggle('Do not ask', { char: 'f' }),
  };

  override async run(): Promise<void> {
    const { flags } = this.parseLine(VolumePrune);
    const all = flags.all || prunesAll(flags.filter);
    const { volumes } = this.openRuntime();
    // Before the question, so that a wrong filter is told first.
    prunableVolumes([], flags.filter, all);
    const which = all ? 'all local volumes' : 'anonymous local volumes';
    const warning = `This will remove ${which} not used by at least one container.`;
    if (!flags.force && !confirm(warning)) return;
    const removed: string[] = [];
    let total = 0;
    for (const { name } of prunableVolumes(volumes.list(), flags.filter, all)) {
      const bytes = await volumes.removeUnused(name);
      if (bytes === undefined) continue;
      removed.push(name);
      total += bytes;
    }
    const list = removed.length === 0 ? '' : `Deleted Volumes:\n${removed.join('\n')}\n\n`;
    showOut(`${list}Total reclaimed space: ${humanSize(total, 4)}\n`);
  }
}
