import { type Ipv4, parseIpv4 } from './ipv4';
import { portElement, type SetElement } from './nftables/elements';

/** A published port as it was decided at start. */
export interface PublishedPort {
  /** `0.0.0.0`: every address of the host. */
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
  readonly macAddress: string;
  /** Name of the veth's end in the host's namespace. */
  readonly hostVeth: string;
  /** Which of the container's interfaces it is: 0, or absent, for eth0. */
  readonly slot?: number;
  /** The container's way out of all its networks. */
  readonly isGateway?: boolean;
  readonly aliases?: readonly string[];
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
export function portElements(ports: readonly PublishedPort[], address: Ipv4): SetElement[] {
  return ports.map(port =>
    portElement({ ...port, hostAddress: parseIpv4(port.hostIp) }, address, port.containerPort),
  );
}

/** The elements that a container's settings put into the firewall's maps. */
export function settingsElements(settings: NetworkSettings): SetElement[] {
  return portElements(settings.ports, parseIpv4(settings.address));
}

/** True when both cannot be published at once: same protocol and port, and a common address. */
export function portsConflict(
  a: Omit<PublishedPort, 'containerPort'>,
  b: Omit<PublishedPort, 'containerPort'>,
): boolean {
  if (a.protocol !== b.protocol || a.hostPort !== b.hostPort) return false;
  return a.hostIp === b.hostIp || a.hostIp === ANY_ADDRESS || b.hostIp === ANY_ADDRESS;
}

/** How every address of the host is written. */
export const ANY_ADDRESS = '0.0.0.0';
