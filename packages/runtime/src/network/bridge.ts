import { closeSync, openSync } from 'node:fs';
import { TinydError } from '@tinyd/core';
import { lockNow } from '@tinyd/native';
import { resetAddresses } from './address-map';
import { bridgeStands, raiseBridge, rejoinBridge, severed, unplugged } from './bridge-link';
import {
  DEFAULT_NETWORK,
  dropUnfinishedFiles,
  type Network,
  readDefinition,
  writeDefinition,
} from './definition';
import { isForwarding, isForwarding6, setForwarding, startForwarding6 } from './forwarding';
import { hostFirewallStands, passHostFirewall } from './host-firewall';
import { formatSubnet, overlaps, parseIpv4 } from './ipv4';
import { deleteLinkIfPresent, findLink } from './links';
import { isMacvlan, parentIndex } from './macvlan';
import type { Link } from './netlink/link';
import { networkNotFound } from './network-not-found';
import { networkElements } from './nftables/elements';
import { dropElements, firewallStands } from './nftables/firewall';
import { passOtherFirewalls } from './other-firewalls';
import { containersText, raiseRules, rulesKnow, unpublished } from './raise-rules';
import type { AttachedContainer } from './settings';
import { chooseSubnet } from './subnet-pool';
import { subnetsInUse, subnetsTaken } from './subnet-users';

/** What a network is made sure of for. */
export interface EnsureRequest {
  readonly root: string;
  /** The default one unless given. */
  readonly name?: string;
  /**
   * The containers of this root that are on networks: what they publish is put back when the rules had to be, and they join
   * the bridge again when that had to be made again.
   */
  readonly running: () => readonly AttachedContainer[];
  /**
   * Given if the network is looked at thoroughly: all that the rules should know of it, and that these of its containers are
   * plugged in, and what they publish leads to them.
   */
  readonly members?: readonly AttachedContainer[] | undefined;
  /** Told what was repaired under containers that run, and what may stand in their way. */
  readonly tell?: (repair: string) => void;
}

/**
 * Makes sure that a network works: definition, bridge, forwarding, firewall. Changes nothing when it does.
 *
 * Fails with ERR_TINYD_NETWORK_NOT_FOUND or ERR_TINYD_NETWORK_FAILED.
 */
export function ensureNetwork(request: EnsureRequest): Network {
  const { root, name = DEFAULT_NETWORK, members, tell = () => undefined } = request;
  try {
    const known = readDefinition(root, name);
    if (known !== undefined && isMacvlan(known)) {
      parentIndex(name, known.macvlan);
      return known;
    }
    const stands = known !== undefined && networkStands(known);
    const holds =
      stands &&
      (members === undefined || (rulesKnow(known, members) && unplugged(known, members).length === 0));
    const network = holds
      ? known
      : withNamespaceLock(() => repairNetwork({ root, name, running: request.running, members, tell }));
    passOtherFirewalls(network, tell);
    return network;
  } catch (cause) {
    if (cause instanceof TinydError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TinydError('ERR_TINYD_NETWORK_FAILED', `cannot set up network ${name}: ${reason}`, {
      cause,
      hint: 'check that the kernel has bridge, veth and nf_tables, or use --network host or --network none',
    });
  }
}

/**
 * What is wrong under containers of a network, for those who cannot mend it: in so far as that can be seen without privileges, which
 * packet rules cannot.
 */
export function whatIsWrong(
  root: string,
  name: string,
  members: readonly AttachedContainer[],
): string | undefined {
  const network = readDefinition(root, name);
  const link = linkOf(network);
  if (network === undefined || link === undefined)
    return `the bridge of network ${name} has vanished under ${containersText(members)}`;
  if (!link.isUp) return `bridge ${link.name} of network ${name} is down under ${containersText(members)}`;
  const names = unplugged(network, members).map(member => member.name);
  return names.length === 0 ? undefined : `unplugged from bridge ${link.name}: ${names.join(', ')}`;
}

/** Those of a network's containers whose own link or ports are not as they should be. */
export function hurtMembers(
  root: string,
  name: string,
  members: readonly AttachedContainer[],
): AttachedContainer[] {
  const network = readDefinition(root, name);
  if (network === undefined || isMacvlan(network)) return [];
  return [...new Set([...unpublished(members), ...unplugged(network, members), ...severed(members)])];
}

/** The default network of a root, defined if it was not yet; nothing is set up in the kernel. */
export function defineNetwork(root: string): Network {
  return readDefinition(root) ?? withNamespaceLock(() => defineLocked(root));
}

function defineLocked(root: string): Network {
  return readDefinition(root) ?? writeDefinition(root, chooseSubnet(subnetsTaken(root)));
}

function networkStands(network: Network): boolean {
  return (
    bridgeStands(network) &&
    isForwarding() &&
    (network.ipv6 === undefined || isForwarding6()) &&
    hostFirewallStands(network) &&
    firewallStands(networkElements(network))
  );
}

function linkOf(network: Network | undefined): Link | undefined {
  return network === undefined ? undefined : findLink(network.bridge);
}

type Repair = Required<Omit<EnsureRequest, 'members'>> & Pick<EnsureRequest, 'members'>;

function repairNetwork({ root, name, running, members: suspects, tell }: Repair): Network {
  dropUnfinishedFiles(root);
  const attached = ({ id }: Network) => running().filter(({ settings }) => settings.networkId === id);
  const wasThere = linkOf(readDefinition(root, name)) !== undefined;
  const network = usableNetwork(root, name, attached);
  // The rules come before the bridge that depends on them: there is no moment without protection.
  const members = attached(network);
  const repair = raiseRules(network, { root, running, members: suspects });
  if (repair !== undefined) tell(repair);
  if (!bridgeStands(network)) {
    resetAddresses(root, network);
    raiseBridge(root, network);
    for (const { settings } of members) rejoinBridge(parseIpv4(settings.address), network);
    const what = `bridge ${network.bridge} of network ${name} ${wasThere ? 'was down' : 'had vanished'}`;
    if (members.length > 0) tell(`${what}: made it again, with ${containersText(members)} on it`);
  }
  for (const member of unplugged(network, suspects ?? [])) {
    rejoinBridge(parseIpv4(member.settings.address), network);
    tell(`container ${member.name} was unplugged from bridge ${network.bridge}: plugged it in again`);
  }
  setForwarding(true);
  if (network.ipv6 !== undefined) startForwarding6();
  passHostFirewall(network);
  return network;
}

/**
 * The network as it is defined. The default one is defined anew when the host has come to use its addresses for something
 * else while the bridge was down: after a boot, another root's network or a VPN may have been faster.
 */
function usableNetwork(
  root: string,
  name: string,
  attached: (network: Network) => readonly AttachedContainer[],
): Network {
  const network = name === DEFAULT_NETWORK ? defineLocked(root) : readDefinition(root, name);
  if (network === undefined) throw networkNotFound(name);
  if (bridgeStands(network)) return network;
  deleteLinkIfPresent(network.bridge);
  const inUse = subnetsInUse();
  const conflict = inUse.find(subnet => overlaps(subnet, network.subnet));
  if (conflict === undefined) return network;
  if (name !== DEFAULT_NETWORK || attached(network).length > 0) {
    throw new TinydError(
      'ERR_TINYD_NETWORK_FAILED',
      `cannot set up network ${name} again: the host uses ${formatSubnet(conflict)} for something else`,
      {
        hint:
          name === DEFAULT_NETWORK
            ? `stop the containers that have addresses in ${formatSubnet(network.subnet)}, then start them again`
            : 'remove the network and create it with another subnet',
      },
    );
  }
  dropElements(networkElements(network));
  return writeDefinition(root, chooseSubnet([...inUse, ...subnetsTaken(root)]));
}

/**
 * Runs `work` while no other tinyd changes this network namespace, whatever its root folder: the lock is the
 * namespace itself.
 */
export function withNamespaceLock<T>(work: () => T): T {
  const fd = openSync('/proc/self/ns/net', 'r');
  try {
    lockNow(fd, 'exclusive');
    return work();
  } finally {
    closeSync(fd);
  }
}
