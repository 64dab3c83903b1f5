import { NETLINK_ROUTE, netlinkRequest } from '@tinyd/native';
import { type Network, readDefinitions } from './definition';
import { formatSubnet, overlaps, type Subnet } from './ipv4';
import { linkIndex } from './link-index';
import { allLinks } from './links';
import { dumpAddresses, readAddressLink, readAddressSubnet } from './netlink/address';
import { dumpRoutes, readRouteLink, readRouteSubnet } from './netlink/route';

/** A subnet that the host uses. */
export interface UsedSubnet extends Subnet {
  /** Index of the link that has an address in it, or that a route to it leaves by. */
  readonly link?: number;
}

/** The subnets that this host has addresses in or routes to; default routes are left out. */
export function subnetsInUse(): UsedSubnet[] {
  const addresses = netlinkRequest(NETLINK_ROUTE, dumpAddresses()).map(answer =>
    used(readAddressSubnet(answer), readAddressLink(answer)),
  );
  const routes = netlinkRequest(NETLINK_ROUTE, dumpRoutes()).map(answer =>
    used(readRouteSubnet(answer), readRouteLink(answer)),
  );
  return [...addresses, ...routes].filter(subnet => subnet !== undefined);
}

function used(subnet: Subnet | undefined, link: number | undefined): UsedSubnet | undefined {
  if (subnet === undefined || link === undefined) return subnet;
  return { ...subnet, link };
}

/** The subnets of this host, and those of networks whose bridges are down at present. */
export function subnetsTaken(root: string): Subnet[] {
  return [...subnetsInUse(), ...readDefinitions(root).map(network => network.subnet)];
}

/**
 * Says in words who has addresses of a subnet: `network web (192.168.77.0/24)`, `link eth0 (192.168.0.0/16)`; undefined
 * when nobody has.
 *
 * @param sharesLink the subnet is that of the segment which a link of the host is on: links do not count
 */
export function findSubnetUser(root: string, subnet: Subnet, sharesLink = false): string | undefined {
  const networks = readDefinitions(root);
  const network = networks.find(other => overlaps(subnet, other.subnet));
  if (network !== undefined) return `network ${network.name} (${formatSubnet(network.subnet)})`;
  if (sharesLink) return undefined;
  const clash = subnetsInUse().find(other => overlaps(subnet, other));
  return clash === undefined ? undefined : `${linkText(clash.link)} (${formatSubnet(clash)})`;
}

/** The network among `others` whose gateway would need the link index that this one's needs: both differ in the first bit. */
export function sharesLinkIndex(gateway: number, others: readonly Network[]): Network | undefined {
  return others.find(other => linkIndex(other.gateway) === linkIndex(gateway));
}

function linkText(index: number | undefined): string {
  const name = allLinks().find(link => link.index === index)?.name;
  return name === undefined ? 'a route of this host' : `link ${name}`;
}
