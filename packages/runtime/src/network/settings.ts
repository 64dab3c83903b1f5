import { type Ipv4, parseIpv4 } from './ipv4';
import { type Ipv6, parseIpv6 } from './ipv6';
import { portElement, portElement6, type SetElement } from './nftables/elements';

/** A published port as it was decided at start. */
export interface PublishedPort {
  /** `0.0.0.0`: every address of the host; `::`: every IPv6 address. */
  readonly hostIp: string;
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: 'tcp' | 'udp';
}

/** What a container got on one network: enough to show it, and to take it back. Plain JSON. */
export interface NetworkSettings {
  /** Name of the network: `bridge`. */
  readonly network: string;
  readonly networkId: string;
  /** Name of the bridge's link. */
  readonly bridge: string;
  readonly address: string;
  readonly prefixLength: number;
  /** The host's address on the network. */
  readonly gateway: string;
  /** Absent: the network has no IPv6 addresses. */
  readonly address6?: string;
  readonly prefixLength6?: number;
  readonly gateway6?: string;
  readonly macAddress: string;
  /** Name of the veth's end in the host's namespace. */
  readonly hostVeth: string;
  /** Which of the container's interfaces it is: 0, or absent, for eth0. */
  readonly slot?: number;
  /** The container's way out of all its networks. */
  readonly isGateway?: boolean;
  /** The same for IPv6. */
  readonly isGateway6?: boolean;
  readonly aliases?: readonly string[];
  readonly gwPriority?: number;
  /** Those that lead to this network's address; a container publishes on one network alone. */
  readonly ports: readonly PublishedPort[];
}

/** A place that a running container has on a network; it may have one on several. */
export interface AttachedContainer {
  readonly id: string;
  readonly name: string;
  readonly settings: NetworkSettings;
}

/** The map elements of published ports. */
export function portElements(
  ports: readonly PublishedPort[],
  { address, address6 }: ContainerAddresses,
): SetElement[] {
  return ports.map(port =>
    isIpv6Port(port)
      ? portElement6({ ...port, hostAddress: parseIpv6(port.hostIp) }, address6 ?? 0n, port.containerPort)
      : portElement({ ...port, hostAddress: parseIpv4(port.hostIp) }, address, port.containerPort),
  );
}

/** What published ports lead to. */
export interface ContainerAddresses {
  readonly address: Ipv4;
  readonly address6?: Ipv6;
}

/** The addresses that settings speak of. */
function addressesIn({ address, address6 }: NetworkSettings): ContainerAddresses {
  return {
    address: parseIpv4(address),
    ...(address6 === undefined ? {} : { address6: parseIpv6(address6) }),
  };
}

/** The elements that a container's settings put into the firewall's maps. */
export function settingsElements(settings: NetworkSettings): SetElement[] {
  return portElements(settings.ports, addressesIn(settings));
}

/** True for a port of an IPv6 address of the host. */
export function isIpv6Port({ hostIp }: Pick<PublishedPort, 'hostIp'>): boolean {
  return hostIp.includes(':');
}

/** True when both cannot be published at once: same protocol and port, and a common address. */
export function portsConflict(
  a: Omit<PublishedPort, 'containerPort'>,
  b: Omit<PublishedPort, 'containerPort'>,
): boolean {
  if (a.protocol !== b.protocol || a.hostPort !== b.hostPort) return false;
  if (isIpv6Port(a) !== isIpv6Port(b)) return false;
  return a.hostIp === b.hostIp || isAnyAddress(a.hostIp) || isAnyAddress(b.hostIp);
}

/** How every address of the host is written, and every IPv6 address. */
export const ANY_ADDRESS = '0.0.0.0';
export const ANY_ADDRESS_6 = '::';

/** True for what stands for every address of its family. */
export function isAnyAddress(hostIp: string): boolean {
  return hostIp === ANY_ADDRESS || hostIp === ANY_ADDRESS_6;
}
