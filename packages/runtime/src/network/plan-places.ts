import type { NetworkPlan } from '../plan/network';
import type { TeardownPlan } from '../plan/session';
import { addressMapFile } from './definition';
import { formatHardwareAddress, formatIpv4 } from './ipv4';
import { formatIpv6 } from './ipv6';
import { deleteLink, LOOPBACK_INDEX, raiseLink } from './netlink/link';
import { addDefaultRoute, addDefaultRoute6 } from './netlink/route';
import { addElements, removeElements } from './nftables/elements';
import { transaction } from './nftables/message';
import type { TakenPlace } from './place';
import { type NetworkSettings, type PublishedPort, portElements } from './settings';
import { containerMessages, containerSysctls, hostMessages } from './veth';

/** Places on networks, taken for one container. */
export interface Attachment {
  readonly plan: NetworkPlan;
  /** What the monitor gives back when the container has ended. */
  readonly releases: TeardownPlan['releases'];
  /** One for each network, in the order of the interfaces. */
  readonly settings: readonly NetworkSettings[];
}

/** What a container's places are for beside reaching their networks. */
export interface PlaceRoles {
  /** The way out, and what published ports lead to. */
  readonly gateway: TakenPlace | undefined;
  readonly gateway6: TakenPlace | undefined;
  readonly ports: readonly PublishedPort[];
}

/** Says how the helper is to connect a container to the places that were taken for it, and what that comes to. */
export function planPlaces(root: string, places: readonly TakenPlace[], roles: PlaceRoles): Attachment {
  const { gateway, gateway6, ports } = roles;
  const elements = gateway === undefined ? [] : portElements(ports, gateway);
  const nothing = new Uint8Array(0);
  const plan: NetworkPlan = {
    hostBatch: Buffer.concat(places.map(place => hostMessages(place))),
    containerBatch: Buffer.concat([
      raiseLink(LOOPBACK_INDEX),
      ...places.map(containerMessages),
      defaultRoutes(roles),
    ]),
    portBatch: elements.length === 0 ? nothing : transaction(...addElements(elements)),
    portTeardownBatch: elements.length === 0 ? nothing : transaction(...removeElements(elements)),
    hostTeardownBatch: Buffer.concat(places.flatMap(({ name }) => (name === '' ? [] : [deleteLink(name)]))),
    claims: ports.map(({ protocol, hostIp, hostPort }) => ({ protocol, address: hostIp, port: hostPort })),
    sysctls: places.flatMap(containerSysctls),
  };
  const settings = places.map(place =>
    placeSettings(place, {
      isGateway: place === gateway,
      ...(place === gateway6 ? { isGateway6: true } : {}),
      ports: place === gateway ? ports : [],
    }),
  );
  const releases = places.map(({ network, address }) => ({
    file: addressMapFile(root, network.name),
    offset: address - network.subnet.base,
  }));
  return { plan, releases, settings };
}

/** Messages for the container's namespace: where everything else goes. */
export function defaultRoutes({ gateway, gateway6 }: Pick<PlaceRoles, 'gateway' | 'gateway6'>): Buffer {
  return Buffer.concat([
    ...(gateway === undefined ? [] : [addDefaultRoute(gateway.network.gateway)]),
    ...(gateway6?.network.ipv6 === undefined ? [] : [addDefaultRoute6(gateway6.network.ipv6.gateway)]),
  ]);
}

/** What is told of a place, and needed to take it back. */
function placeSettings(
  { network, name, address, address6, slot, hardwareAddress, aliases, gwPriority }: TakenPlace,
  roles: Pick<NetworkSettings, 'isGateway' | 'isGateway6' | 'ports'>,
): NetworkSettings {
  return {
    network: network.name,
    networkId: network.id,
    bridge: network.bridge,
    address: formatIpv4(address),
    prefixLength: network.subnet.prefixLength,
    gateway: formatIpv4(network.gateway),
    ...(address6 === undefined || network.ipv6 === undefined
      ? {}
      : {
          address6: formatIpv6(address6),
          prefixLength6: network.ipv6.subnet.prefixLength,
          gateway6: formatIpv6(network.ipv6.gateway),
        }),
    macAddress: formatHardwareAddress(hardwareAddress),
    hostVeth: name,
    slot,
    aliases,
    ...(gwPriority === 0 ? {} : { gwPriority }),
    ...roles,
  };
}
