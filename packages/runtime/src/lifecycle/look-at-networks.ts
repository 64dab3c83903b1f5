import { readdirSync } from 'node:fs';
import { systemCode } from '../atomic-file';
import type { RuntimeContext } from '../context';
import type { NetworkSettings } from '../network';
import { seemWhole } from '../network/glance';
import { plugsOf } from '../network/plug';
import { currentBootId } from '../state/processes';
import { mendNetworks } from './mend-networks';
import { readPlaces } from './network-settings';
import { findPlugs, type RunningPlugs } from './plug-cache';

/**
 * Puts in place what somebody took away under containers that run: bridges, rules, published ports, the plug of a container
 * in its bridge. Tells `onNetworkRepair`, also of what cannot be put back.
 *
 * Every command may begin with it: with nothing wrong it takes no lock, and asks the kernel a question or two
 * (`network/glance.ts`), or none when no container is on a bridge. Nor does it read what the last one has read
 * (`plug-cache.ts`). What only a repair needs is imported by another file, which is not evaluated before.
 *
 * @param known places of all containers that run, if they have been read already
 */
export function lookAtNetworks(context: RuntimeContext, known?: readonly NetworkSettings[]): void {
  const { root, rulesNote: note } = context.layout;
  const { plugs, places } = known === undefined ? glimpse(context) : glimpseOf(known);
  if (plugs.known === 0 && plugs.unseen.length === 0) return;
  const isWhole = plugs.hold && seemWhole({ root, note, bootId: currentBootId() }, plugs.unseen, places);
  if (!isWhole) mendNetworks(context);
}

interface Glimpse {
  readonly plugs: RunningPlugs;
  readonly places: () => readonly NetworkSettings[];
}

/** Of all containers that have a monitor, or had one that was killed. */
function glimpse({ layout }: RuntimeContext): Glimpse {
  try {
    const ids = readdirSync(layout.runs);
    return { plugs: findPlugs(layout, ids), places: () => readPlaces(layout.containers, ids).flat() };
  } catch (error) {
    // Nothing ever ran; or these folders are none of this user's business.
    if (['ENOENT', 'EACCES', 'EPERM'].includes(systemCode(error) ?? '')) return glimpseOf([]);
    throw error;
  }
}

function glimpseOf(places: readonly NetworkSettings[]): Glimpse {
  return { plugs: { hold: true, known: 0, unseen: plugsOf(places) }, places: () => places };
}
