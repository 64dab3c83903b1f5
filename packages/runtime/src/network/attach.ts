import { TinydError } from '@tinyd/core';
import type { NetworkEndpoint, PortMapping } from '../options';
import { releaseAddress } from './address-map';
import { defineNetwork } from './bridge';
import { DEFAULT_NETWORK, readDefinition } from './definition';
import { gatewayOf, gatewayOf6 } from './gateway';
import { formatIpv4 } from './ipv4';
import { isMacvlan } from './macvlan';
import { type TakenPlace, takePlace } from './place';
import { type Attachment, planPlaces } from './plan-places';
import { publishPorts } from './ports/publish';
import { requestedPorts } from './ports/requested';
import { clearStalePorts } from './ports/stale';
import type { AttachedContainer, PublishedPort } from './settings';

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
  /** Told what had to be repaired of the networks. */
  readonly tell?: (repair: string) => void;
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
      const { tell } = request;
      places.push(takePlace({ root, containerId, slot, endpoint, running, ...(tell && { tell }) }));
    }
    const gateway = gatewayOf(places);
    if (gateway === undefined && request.ports.length > 0) leadNowhere(endpoints, request.tell);
    const ports = gateway === undefined ? [] : await publishOn(gateway, request);
    return planPlaces(root, places, { gateway, gateway6: gatewayOf6(places), ports });
  } catch (error) {
    for (const { network, address } of places) releaseAddress(root, network, address);
    throw error;
  }
}

/** What a container wants to publish. */
export type PublishRequest = Pick<AttachRequest, 'ports' | 'publishAll' | 'exposed' | 'running'>;

/** Decides on the ports of the host that lead to a place; each was free a moment ago. */
export async function publishOn(
  { network, address }: TakenPlace,
  { ports: mappings, exposed, publishAll, running }: PublishRequest,
): Promise<PublishedPort[]> {
  if (isMacvlan(network)) {
    if (mappings.length === 0) return [];
    throw new TinydError(
      'ERR_TINYD_OPTION_INVALID',
      `cannot publish ports: network ${network.name} is a macvlan one`,
      { hint: "leave -p out: the container's own address is reached from outside, all ports of it" },
    );
  }
  const requested = requestedPorts(mappings, exposed, publishAll, {
    hostBinding: network.driver.hostBinding,
    hasIpv6: network.ipv6 !== undefined,
  });
  const ports = await publishPorts(requested, { running, spread: address - network.subnet.base });
  await clearStalePorts(ports, running);
  return ports;
}

/** Refuses internal networks. A container that was taken off its only one starts; its ports come with the next. */
function leadNowhere(endpoints: readonly NetworkEndpoint[], tell?: (warning: string) => void): void {
  if (endpoints.length === 0) {
    tell?.('nothing is published: the container is on no network, tinyd network connect puts it on one');
    return;
  }
  const names = endpoints.map(endpoint => endpoint.network).join(', ');
  throw new TinydError('ERR_TINYD_OPTION_INVALID', `cannot publish ports: network ${names} is internal`, {
    hint: 'leave -p out, or give the container a second network that is not internal',
  });
}

/** The host's address on a network, the default one unless named: what `--add-host name:host-gateway` stands for. */
export function networkGateway(root: string, name = DEFAULT_NETWORK): string {
  const network = name === DEFAULT_NETWORK ? defineNetwork(root) : readDefinition(root, name);
  return network === undefined ? '' : formatIpv4(network.gateway);
}
