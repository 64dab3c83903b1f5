import { existsSync } from 'node:fs';
import { NETNS_FD } from '../plan/plan';
import { hardwareAddress, type Ipv4, type Subnet } from './ipv4';
import { addAddress } from './netlink/address';
import { createVeth, LOOPBACK_INDEX, raiseBridgePort, raiseLink } from './netlink/link';
import { addDefaultRoute } from './netlink/route';

/** The container's own interface. */
export const CONTAINER_LINK = 'eth0';

/**
 * Its index, chosen by us so that the address can be set in the same batch that brings it up: above the few that
 * a new namespace may be born with (loopback, fallback tunnels).
 */
const CONTAINER_LINK_INDEX = 100;

/** Where a container's interface goes. */
export interface VethPlace {
  /** Name of the host's end. */
  readonly name: string;
  readonly address: Ipv4;
  readonly gateway: Ipv4;
  readonly subnet: Subnet;
}

/** Name of the host's end, from the container's ID: as long as a name may be (IFNAMSIZ). */
export function hostVethName(containerId: string): string {
  return `veth${containerId.slice(0, 11)}`;
}

/**
 * The index of the link that belongs to an address: a bridge's has its gateway's, a veth's host end its container's.
 *
 * It tells in `ip link` which container a veth belongs to, lets one batch create and use a link, and makes the
 * kernel itself refuse to give an address out twice. The private ranges stay distinct without their highest bit.
 */
export function linkIndex(address: Ipv4): number {
  return address & 0x7fffffff;
}

/** True where the kernel has IPv6, even if no interface uses it. */
export function hasIpv6(): boolean {
  return existsSync('/proc/sys/net/ipv6');
}

/** Messages for the host's namespace: both ends, the bridge port, up. */
export function hostMessages(place: VethPlace): Buffer {
  const index = linkIndex(place.address);
  return Buffer.concat([
    createVeth({
      index,
      name: place.name,
      master: linkIndex(place.gateway),
      peer: {
        index: CONTAINER_LINK_INDEX,
        name: CONTAINER_LINK,
        hardwareAddress: hardwareAddress(place.address),
        namespaceFd: NETNS_FD,
      },
    }),
    raiseBridgePort(index, hasIpv6()),
  ]);
}

/** Messages for the container's namespace: loopback, address, up, default route. */
export function containerMessages(place: VethPlace): Buffer {
  return Buffer.concat([
    raiseLink(LOOPBACK_INDEX),
    addAddress(CONTAINER_LINK_INDEX, place.address, place.subnet),
    raiseLink(CONTAINER_LINK_INDEX),
    addDefaultRoute(place.gateway),
  ]);
}
