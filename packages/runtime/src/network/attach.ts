import { TinydError } from '@tinyd/core';
import type { NetworkEndpoint, PortMapping } from '../options';
import type { NetworkPlan, TeardownPlan } from '../plan/plan';
import { releaseAddress, takeAddress, takeChosenAddress } from './address-map';
import { chooseAddress6 } from './address6';
import { defineNetwork, ensureNetwork } from './bridge';
import { addressMapFile, DEFAULT_NETWORK, type Network, readDefinition } from './definition';
import { chosenAddress, endpointHardwareAddress, gatewayOf } from './endpoint';
import { formatHardwareAddress, formatIpv4 } from './ipv4';
import { formatIpv6 } from './ipv6';
import { deleteLinkIfPresent, findLink } from './links';
import { deleteLink, LOOPBACK_INDEX, raiseLink } from './netlink/link';
import { addDefaultRoute, addDefaultRoute6 } from './netlink/route';
import { addElements, removeElements } from './nftables/elements';
import { transaction } from './nftables/message';
import { publishPorts } from './ports/publish';
import { requestedPorts } from './ports/requested';
import { clearStalePorts } from './ports/stale';
import { type AttachedContainer, type NetworkSettings, type PublishedPort, portElements } from './settings';
import { containerMessages, containerSysctls, hostMessages, hostVethName, type VethPlace } from './veth';

/** What a container wants of its networks. */
export interface AttachRequest {
  readonly root: string;
  /** The full ID. */
  readonly containerId: string;
  /** Undefined: the default network. */
  readonly endpoints?: readonly NetworkEndpoint[];
  readonly ports: readonly PortMapping[];
  readonly publishAll: boolean;
  /** `80/tcp`, `80`, `8000-8010/udp`: the image's EXPOSE and `--expose`. */
  readonly exposed: readonly string[];
  /** The places that running containers of this root have; asked only where it matters. */
  readonly running: () => readonly AttachedContainer[];
}

/** Places on networks, taken for one container. */
export interface Attachment {
  readonly plan: NetworkPlan;
  /** What the monitor gives back when the container has ended. */
  readonly releases: TeardownPlan['releases'];
  /** One for each network, in the order of the interfaces. */
  readonly settings: readonly NetworkSettings[];
}

/** A place on one network. */
export interface TakenPlace extends VethPlace {
  readonly endpoint: NetworkEndpoint;
}

/**
 * Takes addresses and ports on a container's networks, setting these up where that is necessary, and says how
 * the helper is to connect the container.
 *
 * The caller gives all of it back with `releaseNetwork` if the helper does not start.
 *
 * Fails with ERR_TINYD_PORT_TAKEN, ERR_TINYD_ADDRESS_TAKEN, ERR_TINYD_NETWORK_FULL, ERR_TINYD_NETWORK_NOT_FOUND,
 * ERR_TINYD_NETWORK_FAILED, ERR_TINYD_OPTION_INVALID or ERR_TINYD_OPTION_UNSUPPORTED; nothing stays taken then.
 */
export async function attachNetworks(request: AttachRequest): Promise<Attachment> {
  const { root, containerId, running, endpoints = [{ network: DEFAULT_NETWORK }] } = request;
  const places: TakenPlace[] = [];
  try {
    for (const [slot, endpoint] of endpoints.entries()) {
      places.push(takePlace({ root, containerId, slot, endpoint, running }));
    }
    const gateway = gatewayOf(places);
    if (gateway === undefined && request.ports.length > 0) throw nothingLeadsIn(endpoints);
    const ports = gateway === undefined ? [] : await publishOn(gateway, request);
    return describePlaces(root, places, gateway, ports);
  } catch (error) {
    for (const { network, address } of places) releaseAddress(root, network, address);
    throw error;
  }
}

/** Where on a network a container wants to be. */
export interface PlaceRequest {
  readonly root: string;
  readonly containerId: string;
  readonly slot: number;
  readonly endpoint: NetworkEndpoint;
  readonly running: () => readonly AttachedContainer[];
}

/** Takes an address on one network. */
export function takePlace({ root, containerId, slot, endpoint, running }: PlaceRequest): TakenPlace {
  const network = ensureNetwork(root, running, endpoint.network);
  const name = hostVethName(containerId, slot);
  // Left over from a start of this container that was killed.
  if (findLink(name) !== undefined) deleteLinkIfPresent(name);
  const address =
    endpoint.ip === undefined ? takeAddress(root, network) : chosenAddress(network, endpoint.ip);
  if (endpoint.ip !== undefined) {
    const holder = () => holderOf(network, endpoint.ip ?? '', running());
    takeChosenAddress(root, network, address, holder);
  }
  const hardwareAddress = endpointHardwareAddress(endpoint, address);
  const place = { name, slot, address, hardwareAddress, network, endpoint };
  try {
    const address6 = chooseAddress6(network, endpoint, address, running);
    return address6 === undefined ? place : { ...place, address6 };
  } catch (error) {
    releaseAddress(root, network, address);
    throw error;
  }
}
function holderOf(network: Network, address: string, running: readonly AttachedContainer[]): string {
  const holder = running.find(
    ({ settings }) => settings.networkId === network.id && settings.address === address,
  );
  return holder === undefined ? 'a container that is just starting' : `container ${holder.name}`;
}

async function publishOn(
  { network, address }: TakenPlace,
  { ports: mappings, exposed, publishAll, running }: AttachRequest,
): Promise<PublishedPort[]> {
  const requested = requestedPorts(mappings, exposed, publishAll, {
    hostBinding: network.driver.hostBinding,
    hasIpv6: network.ipv6 !== undefined,
  });
  const ports = await publishPorts(requested, { running, spread: address - network.subnet.base });
  await clearStalePorts(ports, running);
  return ports;
}

function describePlaces(
  root: string,
  places: readonly TakenPlace[],
  gateway: TakenPlace | undefined,
  ports: readonly PublishedPort[],
): Attachment {
  const elements = gateway === undefined ? [] : portElements(ports, gateway);
  const nothing = new Uint8Array(0);
  const gateway6 = gatewayOf(places.filter(({ network }) => network.ipv6 !== undefined));
  const settings = places.map(place =>
    placeSettings(place, {
      isGateway: place === gateway,
      ...(place === gateway6 ? { isGateway6: true } : {}),
      ports: place === gateway ? ports : [],
    }),
  );
  const routes = [
    ...(gateway === undefined ? [] : [addDefaultRoute(gateway.network.gateway)]),
    ...(gateway6?.network.ipv6 === undefined ? [] : [addDefaultRoute6(gateway6.network.ipv6.gateway)]),
  ];
  const plan: NetworkPlan = {
    hostBatch: Buffer.concat(places.map(place => hostMessages(place))),
    containerBatch: Buffer.concat([raiseLink(LOOPBACK_INDEX), ...places.map(containerMessages), ...routes]),
    portBatch: elements.length === 0 ? nothing : transaction(...addElements(elements)),
    portTeardownBatch: elements.length === 0 ? nothing : transaction(...removeElements(elements)),
    hostTeardownBatch: Buffer.concat(places.map(({ name }) => deleteLink(name))),
    claims: ports.map(({ protocol, hostIp, hostPort }) => ({ protocol, address: hostIp, port: hostPort })),
    sysctls: places.flatMap(containerSysctls),
  };
  const releases = places.map(({ network, address }) => ({
    file: addressMapFile(root, network.name),
    offset: address - network.subnet.base,
  }));
  return { plan, releases, settings };
}

/** What is told of a place, and needed to take it back. */
export function placeSettings(
  { network, name, address, address6, slot, hardwareAddress, endpoint }: TakenPlace,
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
    aliases: endpoint.aliases ?? [],
    ...roles,
  };
}

function nothingLeadsIn(endpoints: readonly NetworkEndpoint[]): TinydError {
  const names = endpoints.map(endpoint => endpoint.network).join(', ');
  const why = names === '' ? 'the container is on no network' : `network ${names} is internal`;
  return new TinydError('ERR_TINYD_OPTION_INVALID', `cannot publish ports: ${why}`, {
    hint: 'leave -p out, or give the container a second network that is not internal',
  });
}

/** The host's address on a network, the default one unless named: what `--add-host name:host-gateway` stands for. */
export function networkGateway(root: string, name = DEFAULT_NETWORK): string {
  const network = name === DEFAULT_NETWORK ? defineNetwork(root) : readDefinition(root, name);
  return network === undefined ? '' : formatIpv4(network.gateway);
}
