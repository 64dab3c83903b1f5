import { linkIndexOf } from './link-index';
import type { NetworkSettings } from './settings';

/** The link of a container in a bridge. Both links are told by their index, which follows from an address. */
export interface Plug {
  /** Name of the bridge. */
  readonly bridge: string;
  readonly bridgeIndex: number;
  /** Of the container's end in the host's namespace. */
  readonly index: number;
}

/** What must be plugged in for these places: nothing for one that is on no bridge. */
export function plugsOf(places: readonly NetworkSettings[]): Plug[] {
  return places
    .filter(({ bridge }) => bridge !== '')
    .map(({ bridge, gateway, address }) => ({
      bridge,
      bridgeIndex: linkIndexOf(gateway),
      index: linkIndexOf(address),
    }));
}
