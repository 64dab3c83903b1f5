import type { PortMapping } from '../options';
import type { NetworkPlan, TeardownPlan } from '../plan/plan';
import { releaseAddress, takeAddress } from './address-map';
import { defineNetwork, ensureNetwork } from './bridge';
import { addressMapFile, type Network } from './definition';
import { formatHardwareAddress, formatIpv4, hardwareAddress, type Ipv4 } from './ipv4';
import { deleteLinkIfPresent, findLink } from './links';
import { addElements, removeElements, type SetElement } from './nftables/elements';
import { transaction } from './nftables/message';
import { publishPorts } from './ports/publish';
import { requestedPorts } from './ports/requested';
import { clearStalePorts } from './ports/stale';
import { type AttachedContainer, type NetworkSettings, type PublishedPort, portElements } from './settings';
import { CONTAINER_LINK, containerMessages, hasIpv6, hostMessages, hostVethName } from './veth';

/** What a container wants of the default network. */
export interface BridgeRequest {
  readonly root: string;
  /** The full ID. */
  readonly containerId: string;
  readonly ports: readonly PortMapping[];
  readonly publishAll: boolean;
  /** `80/tcp`, `80`, `8000-8010/udp`: the image's EXPOSE and `--expose`. */
  readonly exposed: readonly string[];
  /** The running containers of this root that have settings of a bridge; asked only where it matters. */
  readonly running: () => readonly AttachedContainer[];
}

/** A place on the network, taken for one container. */
export interface BridgeAttachment {
  readonly plan: NetworkPlan;
  /** What the monitor gives back when the container has ended. */
  readonly releases: TeardownPlan['releases'];
  readonly settings: NetworkSettings;
}

/**
 * Takes an address and ports on the default network, setting the network up where that is necessary, and says how
 * the helper is to connect the container.
 *
 * The caller gives all of it back with `releaseNetwork` if the helper does not start.
 *
 * Fails with ERR_TINYD_PORT_TAKEN, ERR_TINYD_NETWORK_FULL, ERR_TINYD_NETWORK_FAILED, ERR_TINYD_OPTION_INVALID or
 * ERR_TINYD_OPTION_UNSUPPORTED; nothing stays taken then.
 */
export async function attachBridge(request: BridgeRequest): Promise<BridgeAttachment> {
  const { root, running } = request;
  const requested = requestedPorts(request.ports, request.exposed, request.publishAll);
  const network = ensureNetwork(root, running);
  const hostVeth = hostVethName(request.containerId);
  // Left over from a start of this container that was killed.
  if (findLink(hostVeth) !== undefined) deleteLinkIfPresent(hostVeth);
  const address = takeAddress(root, network);
  const offset = address - network.subnet.base;
  try {
    const ports = await publishPorts(requested, { running, spread: offset });
    await clearStalePorts(ports, running);
    const elements = portElements(ports, address);
    return {
      plan: networkPlan(network, hostVeth, address, ports, elements),
      releases: [{ file: addressMapFile(root), offset }],
      settings: describe(network, hostVeth, address, ports),
    };
  } catch (error) {
    releaseAddress(root, network, address);
    throw error;
  }
}

function networkPlan(
  network: Network,
  hostVeth: string,
  address: Ipv4,
  ports: readonly PublishedPort[],
  elements: readonly SetElement[],
): NetworkPlan {
  const place = { name: hostVeth, address, gateway: network.gateway, subnet: network.subnet };
  const nothing = new Uint8Array(0);
  return {
    hostBatch: hostMessages(place),
    containerBatch: containerMessages(place),
    portBatch: elements.length === 0 ? nothing : transaction(...addElements(elements)),
    portTeardownBatch: elements.length === 0 ? nothing : transaction(...removeElements(elements)),
    claims: ports.map(({ protocol, hostIp, hostPort }) => ({ protocol, address: hostIp, port: hostPort })),
    // The network has no IPv6 subnet: nobody on the bridge shall be able to advertise one (CVE-2020-13401).
    sysctls: hasIpv6() ? [{ path: `net/ipv6/conf/${CONTAINER_LINK}/disable_ipv6`, value: '1' }] : [],
  };
}

function describe(
  network: Network,
  hostVeth: string,
  address: Ipv4,
  ports: readonly PublishedPort[],
): NetworkSettings {
  return {
    network: network.name,
    networkId: network.id,
    bridge: network.bridge,
    address: formatIpv4(address),
    prefixLength: network.subnet.prefixLength,
    gateway: formatIpv4(network.gateway),
    macAddress: formatHardwareAddress(hardwareAddress(address)),
    hostVeth,
    ports,
  };
}

/** The host's address on the default network: what `--add-host name:host-gateway` stands for. */
export function networkGateway(root: string): string {
  return formatIpv4(defineNetwork(root).gateway);
}
