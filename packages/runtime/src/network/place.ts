import type { NetworkEndpoint } from '../options';
import { releaseAddress, takeAddress, takeChosenAddress } from './address-map';
import { chooseAddress6 } from './address6';
import { ensureNetwork } from './bridge';
import { type Network, readDefinition } from './definition';
import { chosenAddress, endpointHardwareAddress } from './endpoint';
import { type Ipv4, parseIpv4 } from './ipv4';
import { parseIpv6 } from './ipv6';
import { deleteLinkIfPresent, findLink } from './links';
import { isMacvlan } from './macvlan';
import { networkNotFound } from './network-not-found';
import type { AttachedContainer, NetworkSettings } from './settings';
import { hostVethName, type VethPlace } from './veth';

/** Where on a network a container wants to be. */
export interface PlaceRequest {
  readonly root: string;
  /** The full ID. */
  readonly containerId: string;
  /** Which of its interfaces is meant. */
  readonly slot: number;
  readonly endpoint: NetworkEndpoint;
  readonly running: () => readonly AttachedContainer[];
  /** Told what had to be repaired of the network. */
  readonly tell?: (repair: string) => void;
}

/** A place on one network. */
export interface TakenPlace extends VethPlace {
  readonly aliases: readonly string[];
  readonly gwPriority: number;
}

/**
 * Takes an address on one network, setting that up where it is necessary. To be given back by `releaseAddress`.
 *
 * Fails as {@link ensureNetwork} does, with ERR_TINYD_ADDRESS_TAKEN, ERR_TINYD_NETWORK_FULL or ERR_TINYD_OPTION_INVALID.
 */
export function takePlace({ root, containerId, slot, endpoint, running, tell }: PlaceRequest): TakenPlace {
  const network = ensureNetwork({ root, running, name: endpoint.network, ...(tell && { tell }) });
  const name = isMacvlan(network) ? '' : hostVethName(containerId, slot);
  // Left over from a start of this container that was killed.
  if (name !== '' && findLink(name) !== undefined) deleteLinkIfPresent(name);
  const source = {
    root,
    network,
    ...(isMacvlan(network) ? { occupied: () => inUse(network, running()) } : {}),
  };
  const address = endpoint.ip === undefined ? takeAddress(source) : chosenAddress(network, endpoint.ip);
  if (endpoint.ip !== undefined) {
    const holder = () => holderOf(network, endpoint.ip ?? '', running());
    takeChosenAddress(source, address, holder);
  }
  const { aliases = [], gwPriority = 0 } = endpoint;
  const hardwareAddress = endpointHardwareAddress(endpoint, address);
  const place = { name, slot, address, hardwareAddress, network, aliases, gwPriority };
  try {
    const address6 = chooseAddress6(network, endpoint, address, running);
    return address6 === undefined ? place : { ...place, address6 };
  } catch (error) {
    releaseAddress(root, network, address);
    throw error;
  }
}

/** The place that settings tell of. Fails with ERR_TINYD_NETWORK_NOT_FOUND when its network is gone. */
export function placeOf(root: string, settings: NetworkSettings): TakenPlace {
  const network = readDefinition(root, settings.network);
  if (network === undefined || network.id !== settings.networkId) throw networkNotFound(settings.network);
  const { address6, aliases = [], slot = 0, gwPriority = 0 } = settings;
  return {
    name: settings.hostVeth,
    slot,
    address: parseIpv4(settings.address),
    ...(address6 === undefined ? {} : { address6: parseIpv6(address6) }),
    hardwareAddress: Buffer.from(settings.macAddress.replaceAll(':', ''), 'hex'),
    network,
    aliases,
    gwPriority,
  };
}

/** The kernel shows no link of these in the host's namespace: who has an address stands in what containers run with. */
function inUse(network: Network, running: readonly AttachedContainer[]): Ipv4[] {
  return running
    .filter(({ settings }) => settings.networkId === network.id)
    .map(({ settings }) => parseIpv4(settings.address));
}

function holderOf(network: Network, address: string, running: readonly AttachedContainer[]): string {
  const holder = running.find(
    ({ settings }) => settings.networkId === network.id && settings.address === address,
  );
  return holder === undefined ? 'a container that is just starting' : `container ${holder.name}`;
}
