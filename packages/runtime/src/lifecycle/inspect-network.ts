import type { AttachedContainer, Network } from '../network';
import type { InspectDocument } from './inspect-document';

/** The document of `tinyd network inspect`, with docker's keys. */
export function inspectNetwork(network: Network, running: readonly AttachedContainer[]): InspectDocument {
  const { record } = network;
  const { auxAddresses } = record;
  return {
    ...commonKeys(record.name, record.id, record.created, record.driver),
    EnableIPv6: record.ipv6 !== undefined,
    IPAM: {
      Driver: 'default',
      Options: null,
      Config: [
        {
          Subnet: record.subnet,
          ...(record.ipRange === undefined ? {} : { IPRange: record.ipRange }),
          Gateway: record.gateway,
          ...(auxAddresses === undefined ? {} : { AuxiliaryAddresses: auxAddresses }),
        },
        ...(record.ipv6 === undefined ? [] : [{ Subnet: record.ipv6.subnet, Gateway: record.ipv6.gateway }]),
      ],
    },
    Internal: network.internal,
    Attachable: record.attachable === true,
    Containers: Object.fromEntries(
      running
        .filter(({ settings }) => settings.networkId === network.id)
        .map(container => [container.id, member(container)]),
    ),
    Options: record.options ?? {},
    Labels: record.labels ?? {},
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
