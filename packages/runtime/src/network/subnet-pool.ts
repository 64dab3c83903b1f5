import { TinydError } from '@tinyd/core';
import { NETLINK_ROUTE, netlinkRequest } from '@tinyd/native';
import { overlaps, parseSubnet, type Subnet, subnetSize } from './ipv4';
import { dumpAddresses, readAddressSubnet } from './netlink/address';
import { dumpRoutes, readRouteSubnet } from './netlink/route';

/**
 * Ranges to take subnets from, best first: outside of what docker (172.17-31, 192.168), podman (10.88), CNI (10.22),
 * Kubernetes (10.96, 10.244) and libvirt (192.168.122) choose by themselves; the last two are for hosts that route
 * all of 10.0.0.0/8 elsewhere.
 */
const POOL = ['10.201.0.0/16', '172.30.0.0/16', '192.168.192.0/18'];

/** Four times the ports a bridge can have (1023), so that an address rests a while before it is used again. */
const PREFIX_LENGTH = 20;

/** All subnets of the pool, in the order of preference. */
export function* poolSubnets(): Generator<Subnet> {
  for (const range of POOL.map(parseSubnet)) {
    const step = 2 ** (32 - PREFIX_LENGTH);
    for (let base = range.base; base < range.base + subnetSize(range); base += step) {
      yield { base, prefixLength: PREFIX_LENGTH };
    }
  }
}

/** Chooses the first subnet of the pool that no address or route of the host touches. */
export function chooseSubnet(taken: readonly Subnet[]): Subnet {
  for (const subnet of poolSubnets()) {
    if (!taken.some(other => overlaps(subnet, other))) return subnet;
  }
  throw new TinydError(
    'ERR_TINYD_NETWORK_FAILED',
    `cannot choose a subnet for network bridge: this host has addresses or routes in all of ${POOL.join(', ')}`,
    { hint: 'remove a route that is not needed, or use --network host or --network none' },
  );
}

/** The subnets that this host has addresses in or routes to; default routes are left out. */
export function subnetsInUse(): Subnet[] {
  const addresses = netlinkRequest(NETLINK_ROUTE, dumpAddresses()).map(readAddressSubnet);
  const routes = netlinkRequest(NETLINK_ROUTE, dumpRoutes()).map(readRouteSubnet);
  return [...addresses, ...routes].filter(subnet => subnet !== undefined);
}
