import { releaseAddress } from './address-map';
import { withNamespaceLock } from './bridge';
import { type Network, readDefinition, readDefinitions, removeDefinition } from './definition';
import { FORWARDING_NOTE, setForwarding } from './forwarding';
import { forgetInHostFirewall } from './host-firewall';
import { parseIpv4 } from './ipv4';
import { allLinks, deleteLinkIfPresent } from './links';
import { isMacvlan } from './macvlan';
import { networkElements } from './nftables/elements';
import { dropElements, dropUnusedTable } from './nftables/firewall';
import { leaveOtherFirewalls } from './other-firewalls';
import { type NetworkSettings, settingsElements } from './settings';
import { isContainerLink } from './veth';

/**
 * Takes back from outside what a container had on the network: for a start that failed, and for a container whose
 * monitor died. Harmless when the monitor has done it already, or does it at the same time.
 */
export function releaseNetwork(root: string, settings: NetworkSettings): void {
  if (settings.hostVeth !== '') deleteLinkIfPresent(settings.hostVeth);
  const address = parseIpv4(settings.address);
  // Another container has the address by now, and with it all that is left.
  if (allLinks().some(link => isContainerLink(link, address))) return;
  dropElements(settingsElements(settings));
  const network = readDefinition(root, settings.network);
  if (network !== undefined && network.id === settings.networkId) {
    releaseAddress(root, network, address);
  }
}

/**
 * Removes all networks of a root from this host: bridges, elements, files; with the last network also the rules,
 * and forwarding if it was tinyd that turned it on. No container of the root may be running. The next start sets
 * the default network up again.
 */
export function resetNetwork(root: string): void {
  if (readDefinitions(root).length === 0) return;
  withNamespaceLock(() => {
    for (const network of readDefinitions(root)) takeDown(root, network);
  });
}

/** Removes one network from this host. The caller holds the namespace's lock, and no container has a place on it. */
export function takeDown(root: string, network: Network): void {
  if (!isMacvlan(network)) takeDownBridge(network);
  removeDefinition(root, network.name);
}

function takeDownBridge(network: Network): void {
  deleteLinkIfPresent(network.bridge);
  forgetInHostFirewall(network);
  leaveOtherFirewalls(network);
  dropElements(networkElements(network));
  if (dropUnusedTable() === FORWARDING_NOTE) setForwarding(false);
}
