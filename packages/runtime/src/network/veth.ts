import { NETNS_FD, type NetworkPlan } from '../plan/network';
import type { Network } from './definition';
import type { MacvlanOptions } from './driver-options';
import type { Ipv4 } from './ipv4';
import type { Ipv6 } from './ipv6';
import { hasIpv6 } from './kernel-ipv6';
import { linkIndex } from './link-index';
import { isMacvlan, parentIndex } from './macvlan';
import { addAddress, addAddress6 } from './netlink/address';
import {
  createMacvlan,
  createVeth,
  type Link,
  MACVLAN_MODES,
  raiseBridgePort,
  raiseLink,
} from './netlink/link';

/**
 * Index of a container's first interface, chosen by us so that the address can be set in the same batch that brings it
 * up: above the few that a new namespace may be born with (loopback, fallback tunnels). Further ones follow.
 */
const FIRST_CONTAINER_INDEX = 100;

/** Where a container's interface goes. */
export interface VethPlace {
  /** Name of the host's end; empty where there is none. */
  readonly name: string;
  /** Which of the container's interfaces it is: 0 for eth0. */
  readonly slot: number;
  readonly address: Ipv4;
  /** Given if the network has IPv6. */
  readonly address6?: Ipv6;
  readonly hardwareAddress: Uint8Array;
  readonly network: Network;
}

/** Name of a container's own interface. */
export function containerLinkName(slot: number): string {
  return `eth${slot}`;
}

/**
 * Name of the host's end, from the container's ID: as long as a name may be (IFNAMSIZ). Those of further interfaces have
 * their number in the place of the last digits.
 */
export function hostVethName(containerId: string, slot = 0): string {
  const ending = slot === 0 ? '' : `_${slot}`;
  return `veth${containerId.slice(0, 11 - ending.length)}${ending}`;
}

/** True when the link of an address is the host's end of a container's: a stranger's link there says nothing of containers. */
export function isContainerLink({ index, name }: Link, address: Ipv4): boolean {
  return index === linkIndex(address) && /^veth[0-9a-f]{7,11}(_\d+)?$/.test(name);
}

/** The two addresses that a link's index may stand for; see {@link linkIndex}. */
export function addressesOf(index: number): [Ipv4, Ipv4] {
  return [index, index + 0x80000000];
}

/**
 * Messages for the host's namespace: both ends, the bridge port, up.
 *
 * @param namespaceFd the sender's descriptor of the namespace that takes the container's end
 */
export function hostMessages(place: VethPlace, namespaceFd = NETNS_FD): Buffer {
  const { network } = place;
  if (isMacvlan(network)) return macvlanMessage(place, network.macvlan, namespaceFd);
  const index = linkIndex(place.address);
  return Buffer.concat([
    createVeth({
      index,
      name: place.name,
      master: linkIndex(network.gateway),
      ...(network.driver.mtu === undefined ? {} : { mtu: network.driver.mtu }),
      peer: {
        index: FIRST_CONTAINER_INDEX + place.slot,
        name: containerLinkName(place.slot),
        hardwareAddress: place.hardwareAddress,
        namespaceFd,
      },
    }),
    raiseBridgePort(index, portModes(network)),
  ]);
}

function macvlanMessage(
  { slot, hardwareAddress, network }: VethPlace,
  options: MacvlanOptions,
  namespaceFd: number,
): Buffer {
  const { mtu } = network.driver;
  return createMacvlan({
    index: FIRST_CONTAINER_INDEX + slot,
    name: containerLinkName(slot),
    parent: parentIndex(network.name, options),
    mode: MACVLAN_MODES[options.mode],
    hardwareAddress,
    ...(mtu === undefined ? {} : { mtu }),
    namespaceFd,
  });
}

/** How the host's end behaves as a port of its network's bridge. */
export function portModes(network: Network): { readonly quietIpv6: boolean; readonly isolated: boolean } {
  return { quietIpv6: hasIpv6(), isolated: !network.driver.icc };
}

/** Messages for the container's namespace: address, up. */
export function containerMessages({ slot, address, address6, network }: VethPlace): Buffer {
  const index = FIRST_CONTAINER_INDEX + slot;
  const { ipv6 } = network;
  return Buffer.concat([
    addAddress(index, address, network.subnet),
    raiseLink(index),
    ...(address6 === undefined || ipv6 === undefined
      ? []
      : [addAddress6(index, address6, ipv6.subnet.prefixLength)]),
  ]);
}

/**
 * Settings of the container's interface, made before it comes up. Without an IPv6 subnet nobody on the bridge shall be
 * able to advertise one, and with one nobody but the user chooses addresses (CVE-2020-13401).
 */
export function containerSysctls({ slot, address6 }: VethPlace): NetworkPlan['sysctls'] {
  if (!hasIpv6()) return [];
  const setting = (name: string, value: string) => ({
    path: `net/ipv6/conf/${containerLinkName(slot)}/${name}`,
    value,
  });
  if (address6 === undefined) return [setting('disable_ipv6', '1')];
  return [setting('disable_ipv6', '0'), setting('accept_ra', '0')];
}
