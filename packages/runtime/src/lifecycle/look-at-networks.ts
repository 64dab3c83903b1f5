import { readdirSync } from 'node:fs';
import { systemCode } from '../atomic-file';
import type { RuntimeContext } from '../context';
import type { NetworkSettings } from '../network';
import { seemWhole } from '../network/glance';
import { currentBootId } from '../state/processes';
import { mendNetworks } from './mend-networks';
import { readPlaces } from './network-settings';

/**
 * Puts in place what somebody took away under containers that run: bridges, rules, published ports, the plug of a container
 * in its bridge. Tells `onNetworkRepair`, also of what cannot be put back.
 *
 * Every command may begin with it: with nothing wrong it takes no lock, and asks the kernel a question or two
 * (`network/glance.ts`), or none when no container is on a bridge. What only a repair needs is imported by another file, which
 * is not evaluated before.
 *
 * @param places of all containers that run, if they are known already
 */
export function lookAtNetworks(context: RuntimeContext, places = placesOf(context)): void {
  if (places.length === 0) return;
  const { root, rulesNote: note } = context.layout;
  if (!seemWhole({ root, note, bootId: currentBootId() }, places)) mendNetworks(context);
}

/** The places of all containers that have a monitor, or had one that was killed. */
function placesOf({ layout }: RuntimeContext): NetworkSettings[] {
  try {
    return readPlaces(layout.containers, readdirSync(layout.runs)).flat();
  } catch (error) {
    // Nothing ever ran; or these folders are none of this user's business.
    if (['ENOENT', 'EACCES', 'EPERM'].includes(systemCode(error) ?? '')) return [];
    throw error;
  }
}
