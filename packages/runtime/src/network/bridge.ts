import { closeSync, openSync, writeFileSync } from 'node:fs';
import { TinydError } from '@tinyd/core';
import { lockNow, NETLINK_ROUTE, netlinkRequest } from '@tinyd/native';
import { systemCode } from '../atomic-file';
import { resetAddresses } from './address-map';
import {
  DEFAULT_NETWORK,
  dropUnfinishedFiles,
  type Network,
  readDefinition,
  readDefinitions,
  writeDefinition,
} from './definition';
import { FORWARDING_NOTE, isForwarding, isForwarding6, setForwarding, startForwarding6 } from './forwarding';
import { hostFirewallStands, passHostFirewall } from './host-firewall';
import { formatSubnet, hardwareAddress, type Ipv4, overlaps, parseIpv4 } from './ipv4';
import { hasIpv6 } from './kernel-ipv6';
import { deleteLinkIfPresent, findLink } from './links';
import { isMacvlan, parentIndex } from './macvlan';
import { addAddress, addAddress6 } from './netlink/address';
import { createBridge, raiseBridgePort, raiseLink, setMaster } from './netlink/link';
import { networkNotFound } from './network-not-found';
import { networkElements } from './nftables/elements';
import { dropElements, firewallStands, raiseFirewall } from './nftables/firewall';
import { passOtherFirewalls } from './other-firewalls';
import { type AttachedContainer, type NetworkSettings, settingsElements } from './settings';
import { chooseSubnet } from './subnet-pool';
import { subnetsInUse, subnetsTaken } from './subnet-users';
import { linkIndex, portModes } from './veth';

/** Characters of a link's alias, one byte each or not (IFALIASZ is 256). */
const LONGEST_ALIAS = 60;

/**
 * Makes sure that a network works: definition, bridge, forwarding, firewall. Changes nothing when it does.
 *
 * @param running the containers of this root that are on networks: what they publish is put back when the rules
 * had to be, and they join the bridge again when that had to be made again.
 * @param tell told what was repaired under containers that run, and what may stand in their way
 * Fails with ERR_TINYD_NETWORK_NOT_FOUND or ERR_TINYD_NETWORK_FAILED.
 */
export function ensureNetwork(
  root: string,
  running: () => readonly AttachedContainer[],
  name = DEFAULT_NETWORK,
  tell: (repair: string) => void = () => undefined,
): Network {
  try {
    const known = readDefinition(root, name);
    if (known !== undefined && isMacvlan(known)) {
      parentIndex(name, known.macvlan);
      return known;
    }
    const stands = known !== undefined && networkStands(known);
    const network = stands ? known : withNamespaceLock(() => repairNetwork(root, name, running, tell));
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

function repairNetwork(
  root: string,
  name: string,
  running: () => readonly AttachedContainer[],
  tell: (repair: string) => void,
): Network {
  dropUnfinishedFiles(root);
  const attached = (network: Network) =>
    running().flatMap(({ settings }) => (settings.networkId === network.id ? [settings] : []));
  const network = usableNetwork(root, name, attached);
  // The rules come before the bridge that depends on them: there is no moment without protection.
  const members = attached(network);
  const others = members.length === 1 ? '1 container that runs' : `${members.length} containers that run`;
  if (!firewallStands(networkElements(network))) {
    raiseRules(root, network, running);
    if (members.length > 0)
      tell(`somebody had removed the packet rules of network ${name}: wrote them again, for ${others} on it`);
  }
  if (!bridgeStands(network)) {
    resetAddresses(root, network);
    raiseBridge(root, network);
    for (const { address } of members) rejoinBridge(parseIpv4(address), network);
    if (members.length > 0)
      tell(`bridge ${network.bridge} of network ${name} had vanished: made it again, with ${others} on it`);
  }
  setForwarding(true);
  if (network.ipv6 !== undefined) startForwarding6();
  passHostFirewall(network);
  return network;
}

/** Who flushed the rules of one network flushed those of all: every network that is up comes back at once. */
function raiseRules(root: string, network: Network, running: () => readonly AttachedContainer[]): void {
  const others = readDefinitions(root).filter(
    other => other.id !== network.id && !isMacvlan(other) && bridgeIsUp(other),
  );
  const elements = [network, ...others].flatMap(networkElements);
  const published = running().flatMap(({ settings }) => settingsElements(settings));
  raiseFirewall([...elements, ...published], isForwarding() ? undefined : FORWARDING_NOTE);
}

/**
 * The network as it is defined. The default one is defined anew when the host has come to use its addresses for something
 * else while the bridge was down: after a boot, another root's network or a VPN may have been faster.
 */
function usableNetwork(
  root: string,
  name: string,
  attached: (network: Network) => readonly NetworkSettings[],
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

/** Bringing the bridge up is the last step of making it: an unfinished one is down. */
function bridgeStands(network: Network): boolean {
  const link = findLink(network.bridge);
  if (link === undefined) return false;
  if (link.index !== linkIndex(network.gateway)) {
    throw new TinydError(
      'ERR_TINYD_NETWORK_FAILED',
      `cannot use link ${network.bridge} for network ${network.name}: it was made by another program`,
      { hint: `delete it (ip link delete ${network.bridge})` },
    );
  }
  return link.isUp;
}

function bridgeIsUp(network: Network): boolean {
  const link = findLink(network.bridge);
  return link?.isUp === true && link.index === linkIndex(network.gateway);
}

/** Makes a network's bridge, with its address. */
function raiseBridge(root: string, network: Network): void {
  const index = linkIndex(network.gateway);
  const { mtu } = network.driver;
  const link = {
    index,
    name: network.bridge,
    hardwareAddress: hardwareAddress(network.gateway),
    ...(mtu === undefined ? {} : { mtu }),
  };
  netlinkRequest(
    NETLINK_ROUTE,
    Buffer.concat([createBridge(link), addAddress(index, network.gateway, network.subnet)]),
  );
  const setting = (path: string, value: string) => writeFileSync(`/proc/sys/net/${path}`, value);
  if (hasIpv6()) {
    setting(`ipv6/conf/${network.bridge}/disable_ipv6`, network.ipv6 === undefined ? '1' : '0');
    setting(`ipv6/conf/${network.bridge}/accept_ra`, '0');
  }
  // Lets 127.0.0.1:<published port> leave by the bridge; chain `guard` shuts what this opens.
  setting(`ipv4/conf/${network.bridge}/route_localnet`, '1');
  const alias = `tinyd network ${network.name} of ${root}`.slice(0, LONGEST_ALIAS);
  const { ipv6 } = network;
  const address6 = ipv6 === undefined ? [] : [addAddress6(index, ipv6.gateway, ipv6.subnet.prefixLength)];
  netlinkRequest(NETLINK_ROUTE, Buffer.concat([...address6, raiseLink(index, alias)]));
}

/** Puts the end of a container's veth back on its bridge; one that ended meanwhile has none any more. */
function rejoinBridge(address: Ipv4, network: Network): void {
  const index = linkIndex(address);
  try {
    const join = setMaster(index, linkIndex(network.gateway));
    netlinkRequest(NETLINK_ROUTE, Buffer.concat([join, raiseBridgePort(index, portModes(network))]));
  } catch (error) {
    if (systemCode(error) !== 'ENODEV') throw error;
  }
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
