import {
  ANY_ADDRESS,
  type AttachedContainer,
  DEFAULT_NETWORK,
  type Network,
  type NetworkRecord,
} from '../network';
import type { InspectDocument } from './inspect-document';

/** Bytes: the largest packet of a bridge that was given no other (RFC 894). */
const ETHERNET_MTU = 1500;

/** The document of `tinyd network inspect`, with docker's keys. */
export function inspectNetwork(network: Network, running: readonly AttachedContainer[]): InspectDocument {
  const { record } = network;
  return {
    ...commonKeys(record.name, record.id, record.created, record.driver),
    EnableIPv6: record.ipv6 !== undefined,
    IPAM: {
      Driver: 'default',
      Options: record.name === DEFAULT_NETWORK ? null : {},
      Config: [addresses(record), ...(record.ipv6 === undefined ? [] : [addresses(record.ipv6)])],
    },
    Internal: network.internal,
    Attachable: record.attachable === true,
    Containers: Object.fromEntries(
      running
        .filter(({ settings }) => settings.networkId === network.id)
        .map(container => [container.id, member(container)]),
    ),
    Options: record.name === DEFAULT_NETWORK ? defaultOptions(network) : (record.options ?? {}),
    Labels: record.labels ?? {},
  };
}

/** docker leaves the parts that were not given out of the document, but templates find them empty. */
function addresses({
  subnet,
  gateway,
  ipRange = '',
  auxAddresses = {},
}: Pick<NetworkRecord, 'subnet' | 'gateway' | 'ipRange' | 'auxAddresses'>): InspectDocument {
  return Object.defineProperties(
    {},
    {
      Subnet: { value: subnet, enumerable: true },
      IPRange: { value: ipRange, enumerable: ipRange !== '' },
      Gateway: { value: gateway, enumerable: true },
      AuxiliaryAddresses: { value: auxAddresses, enumerable: Object.keys(auxAddresses).length > 0 },
    },
  );
}

/** What docker says of its own default network: scripts find the name of its link there. */
function defaultOptions({ bridge, driver }: Network): InspectDocument {
  return {
    'com.docker.network.bridge.default_bridge': 'true',
    'com.docker.network.bridge.enable_icc': String(driver.icc),
    'com.docker.network.bridge.enable_ip_masquerade': String(driver.masquerade),
    'com.docker.network.bridge.host_binding_ipv4': driver.hostBinding ?? ANY_ADDRESS,
    'com.docker.network.bridge.name': bridge,
    'com.docker.network.driver.mtu': String(driver.mtu ?? ETHERNET_MTU),
  };
}

/** The same for `host` and `none`, which are no networks of tinyd's. */
export function inspectPredefined(name: 'host' | 'none', id: string): InspectDocument {
  return {
    ...commonKeys(name, id, '0001-01-01T00:00:00Z', name === 'none' ? 'null' : name),
    IPAM: { Driver: 'default', Options: null, Config: null },
    Internal: false,
    Attachable: false,
    Containers: {},
    Options: {},
    Labels: {},
  };
}

function commonKeys(name: string, id: string, created: string, driver: string): InspectDocument {
  return {
    Name: name,
    Id: id,
    Created: created,
    Scope: 'local',
    Driver: driver,
    EnableIPv4: true,
    EnableIPv6: false,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
  };
}

function member({ name, settings }: AttachedContainer): InspectDocument {
  return {
    Name: name,
    MacAddress: settings.macAddress,
    IPv4Address: `${settings.address}/${settings.prefixLength}`,
    IPv6Address: settings.address6 === undefined ? '' : `${settings.address6}/${settings.prefixLength6}`,
  };
}
