import { writeFileSync } from 'node:fs';
import { TinydError } from '@tinyd/core';
import { lookAtBridge, NETLINK_ROUTE, netlinkRequest } from '@tinyd/native';
import { systemCode } from '../atomic-file';
import type { Network } from './definition';
import { hardwareAddress, type Ipv4, parseIpv4 } from './ipv4';
import { hasIpv6 } from './kernel-ipv6';
import { linkIndex } from './link-index';
import { findLink } from './links';
import { addAddress, addAddress6 } from './netlink/address';
import { createBridge, raiseBridgePort, raiseLink, setMaster } from './netlink/link';
import type { AttachedContainer } from './settings';
import { portModes } from './veth';

/** Characters of a link's alias, one byte each or not (IFALIASZ is 256). */
const LONGEST_ALIAS = 60;

/** Bringing the bridge up is the last step of making it: an unfinished one is down. */
export function bridgeStands(network: Network): boolean {
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

/** The same, where another program's link of that name is no error. */
export function bridgeIsUp(network: Network): boolean {
  const link = findLink(network.bridge);
  return link?.isUp === true && link.index === linkIndex(network.gateway);
}

/** Makes a network's bridge, with its address. */
export function raiseBridge(root: string, network: Network): void {
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
export function rejoinBridge(address: Ipv4, network: Network): void {
  const index = linkIndex(address);
  try {
    const join = setMaster(index, linkIndex(network.gateway));
    netlinkRequest(NETLINK_ROUTE, Buffer.concat([join, raiseBridgePort(index, portModes(network))]));
  } catch (error) {
    if (systemCode(error) !== 'ENODEV') throw error;
  }
}

/**
 * Those of a network's containers whose link is there, but plugged into nothing. One that somebody made a port of another
 * bridge is where it was put.
 */
export function unplugged(network: Network, members: readonly AttachedContainer[]): AttachedContainer[] {
  if (members.length === 0) return [];
  const ports = new Set(lookAtBridge(network.bridge)?.ports);
  return members.filter(({ settings }) => {
    if (ports.has(linkIndex(parseIpv4(settings.address)))) return false;
    const link = findLink(settings.hostVeth);
    return link !== undefined && link.master === undefined;
  });
}

/** Those whose link is gone, and with it their own interface. */
export function severed(members: readonly AttachedContainer[]): AttachedContainer[] {
  return members.filter(({ settings: { hostVeth } }) => hostVeth !== '' && findLink(hostVeth) === undefined);
}
