import { TinydError } from '@tinyd/core';
import { NETLINK_ROUTE, netlinkRequest } from '@tinyd/native';
import { systemCode } from '../atomic-file';
import type { Network } from './definition';
import type { MacvlanOptions } from './driver-options';
import { deleteLinkIfPresent, findLink } from './links';
import { createMacvlan, MACVLAN_MODES } from './netlink/link';

/** Of a link that is made to see whether it can be, and deleted at once. */
const PROBE_NAME = 'tinyd-macvlan';

/** True for a network whose containers are on the parent link's own segment: the host has no part in it. */
export function isMacvlan(network: Network): network is Network & { readonly macvlan: MacvlanOptions } {
  return network.macvlan !== undefined;
}

/** Index of the link that a macvlan network is on. Fails with ERR_TINYD_NETWORK_FAILED when it is not there. */
export function parentIndex(name: string, { parent }: MacvlanOptions): number {
  const link = findLink(parent);
  if (link !== undefined) return link.index;
  throw new TinydError('ERR_TINYD_NETWORK_FAILED', `cannot use network ${name}: there is no link ${parent}`, {
    hint: 'ip -br link shows the links of this host; remove the network if its parent is gone for good',
    details: { network: name, parent },
  });
}

/**
 * Makes sure that the kernel can have macvlan links on the parent, by making one for a moment.
 *
 * Fails with ERR_TINYD_NETWORK_FAILED.
 */
export function probeMacvlan(name: string, options: MacvlanOptions): void {
  const parent = parentIndex(name, options);
  deleteLinkIfPresent(PROBE_NAME);
  try {
    const link = { name: PROBE_NAME, parent, mode: MACVLAN_MODES[options.mode] };
    netlinkRequest(NETLINK_ROUTE, createMacvlan(link));
  } catch (cause) {
    const code = systemCode(cause) ?? String(cause);
    const why =
      code === 'EOPNOTSUPP'
        ? 'this kernel has no macvlan links'
        : `link ${options.parent} takes no macvlan links (${code})`;
    throw new TinydError('ERR_TINYD_NETWORK_FAILED', `cannot create network ${name}: ${why}`, {
      cause,
      hint: 'the parent must be an Ethernet link that is in no bridge',
      details: { network: name, parent: options.parent },
    });
  }
  deleteLinkIfPresent(PROBE_NAME);
}
