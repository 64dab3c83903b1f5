import { TinydError } from '@tinyd/core';
import { TinydCommand } from '../command';
import { toggle } from '../flags/define';
import { pruneFlags } from '../flags/prune-flags';
import { showOut, writeErr } from '../output';
import {
  deletedContainers,
  deletedImages,
  deletedNetworks,
  deletedVolumes,
  reclaimedSpace,
} from '../present/pruned';
import { stripControls } from '../present/strip-controls';
import { confirm } from '../use-cases/confirm';
import {
  parsePruneFilter,
  pruneContainers,
  pruneImages,
  pruneNetworks,
  pruneVolumes,
} from '../use-cases/prune';

/** `tinyd system prune`. */
export default class SystemPrune extends TinydCommand {
  static override summary = 'Remove stopped containers and all that nothing needs';
  static override description =
    'Removes stopped containers, networks that none is on, images without a name, and what interrupted pulls left.';
  static override group = 'Other' as const;
  static override examples = ['tinyd system prune', 'tinyd system prune -a -f --filter label!=keep'];
  static override flags = {
    ...pruneFlags,
    volumes: toggle('Also remove anonymous volumes that no container mounts'),
    all: toggle('Also remove images with a name, if no container was made from them', { char: 'a' }),
  };
  static override args = {};

  override async run(): Promise<void> {
    const { flags } = this.parseLine(SystemPrune);
    const filter = parsePruneFilter(flags.filter, Date.now());
    if (flags.volumes && flags.filter.some(each => each.startsWith('until='))) throw untilWithVolumes();
    if (!flags.force && !confirm(warning(flags))) return;
    const runtime = this.openRuntime();
    const containers = await pruneContainers(runtime, filter);
    showOut(deletedContainers(containers.ids));
    showOut(deletedNetworks(await pruneNetworks(runtime, filter)));
    const volumes = flags.volumes ? await pruneVolumes(runtime, flags.filter) : { names: [], freedBytes: 0 };
    showOut(deletedVolumes(volumes.names));
    const images = await pruneImages(this.openStore(), runtime, { all: flags.all, filter });
    if (images.problem !== undefined)
      writeErr(`tinyd system prune: warning: layers were kept: ${stripControls(images.problem)}\n`);
    showOut(
      deletedImages(images) + reclaimedSpace(containers.freedBytes + volumes.freedBytes + images.freedBytes),
    );
  }
}

/** docker refuses it as well: volumes are not known by their age. */
function untilWithVolumes(): TinydError {
  return new TinydError(
    'ERR_TINYD_OPTION_INVALID',
    'the filter "until" cannot be had together with --volumes',
    {
      hint: 'prune volumes on their own: tinyd volume prune',
    },
  );
}

interface Choice {
  readonly all: boolean;
  readonly volumes: boolean;
  readonly filter: readonly string[];
}

function warning({ all, volumes, filter }: Choice): string {
  const images = all ? 'all images without at least one container associated to them' : 'all dangling images';
  const filters =
    filter.length === 0
      ? []
      : ['', '  Items to be pruned will be filtered with:', ...filter.map(each => `  - ${each}`)];
  const what = [
    'all stopped containers',
    'all networks not used by at least one container',
    ...(volumes ? ['all anonymous volumes not used by at least one container'] : []),
    images,
  ];
  return ['This will remove:', ...what.map(each => `  - ${each}`), ...filters, ''].join('\n');
}
