import type { NetworkSummary } from '@tinyd/runtime';
import type { Listing, Row } from './list';
import { localTime } from './units';

const HEADINGS = {
  ID: 'NETWORK ID',
  Name: 'NAME',
  Driver: 'DRIVER',
  Scope: 'SCOPE',
  IPv4: 'IPV4',
  IPv6: 'IPV6',
  Internal: 'INTERNAL',
  Labels: 'LABELS',
  CreatedAt: 'CREATED AT',
};

/** Networks in docker's columns and template fields. */
export function networkListing(networks: readonly NetworkSummary[], noTrunc: boolean): Listing {
  return {
    rows: networks.map(network => networkRow(network, noTrunc)),
    headings: HEADINGS,
    table: ['ID', 'Name', 'Driver', 'Scope'],
    quiet: 'ID',
  };
}

function networkRow(network: NetworkSummary, noTrunc: boolean): Row {
  return {
    ID: noTrunc ? network.id : network.id.slice(0, 12),
    Name: network.name,
    Driver: network.driver,
    Scope: 'local',
    IPv4: 'true',
    IPv6: String(network.ipv6),
    Internal: String(network.internal),
    Labels: Object.entries(network.labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
    Label: (key: string) => (Object.hasOwn(network.labels, key) ? network.labels[key] : ''),
    CreatedAt: network.created === '' ? '' : localTime(network.created),
  };
}
