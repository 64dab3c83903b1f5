import { DEFAULT_NETWORK, endpointsOf, type NetworkSettings } from '../network';
import type { CreateOptions, NetworkEndpoint } from '../options';
import type { ContainerRecord } from '../record';
import { imageProcess } from '../spec/generate';
import type { InspectDocument } from './inspect-document';

/** docker's NetworkSettings of a container; the addresses at its top are those on the default network alone. */
export function inspectNetworks(
  record: ContainerRecord,
  places: readonly NetworkSettings[],
): InspectDocument {
  const { options } = record;
  const bridge = places.find(({ network }) => network === DEFAULT_NETWORK);
  return {
    Bridge: bridge?.bridge ?? '',
    SandboxKey: '',
    Ports: portBindings(options, places),
    ...addressKeys(bridge),
    MacAddress: bridge?.macAddress ?? '',
    Networks: networks(record, places),
  };
}

function networks(record: ContainerRecord, places: readonly NetworkSettings[]): InspectDocument {
  const { options } = record;
  const { mode } = options.network;
  if (mode === 'host' || mode === 'none') return { [mode]: endpoint(record, { network: mode }, undefined) };
  const entries = endpointsOf(options).map(wanted => {
    const place = places.find(({ network }) => network === wanted.network);
    return [wanted.network, endpoint(record, wanted, place)] as const;
  });
  return Object.fromEntries(entries);
}

function endpoint(
  record: ContainerRecord,
  wanted: NetworkEndpoint,
  place: NetworkSettings | undefined,
): InspectDocument {
  const { aliases = [], ip, gwPriority = 0 } = wanted;
  const resolves = record.options.network.mode === 'user' || wanted.network !== DEFAULT_NETWORK;
  return {
    IPAMConfig: ip === undefined ? null : { IPv4Address: ip },
    Links: null,
    Aliases: aliases.length === 0 ? null : aliases,
    MacAddress: place?.macAddress ?? wanted.macAddress ?? '',
    DriverOpts: null,
    GwPriority: gwPriority,
    NetworkID: place?.networkId ?? '',
    ...addressKeys(place),
    DNSNames: resolves && place !== undefined ? dnsNames(record, aliases) : null,
  };
}

function addressKeys(place: NetworkSettings | undefined): InspectDocument {
  return {
    Gateway: place?.gateway ?? '',
    IPAddress: place?.address ?? '',
    IPPrefixLen: place?.prefixLength ?? 0,
  };
}

/** The names by which containers of a user's network find this one, as docker orders them. */
export function dnsNames(record: ContainerRecord, aliases: readonly string[]): string[] {
  return [...new Set([record.name, ...aliases, record.id.slice(0, 12)])];
}

function portBindings(
  options: CreateOptions,
  places: readonly NetworkSettings[],
): Record<string, { HostIp: string; HostPort: string }[] | null> {
  const bindings: Record<string, { HostIp: string; HostPort: string }[] | null> = {};
  if (places.length === 0) return bindings;
  const exposed = [...Object.keys(imageProcess(options).ExposedPorts ?? {}), ...options.expose];
  for (const port of exposed) bindings[port.includes('/') ? port : `${port}/tcp`] = null;
  for (const port of places.flatMap(place => place.ports)) {
    const key = `${port.containerPort}/${port.protocol}`;
    bindings[key] = [...(bindings[key] ?? []), { HostIp: port.hostIp, HostPort: String(port.hostPort) }];
  }
  return bindings;
}
