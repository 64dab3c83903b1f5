import { DEFAULT_NETWORK, endpointsOf, type NetworkSettings } from '../network';
import type { CreateOptions, NetworkEndpoint } from '../options';
import type { ContainerRecord } from '../record';
import { imageProcess } from '../spec/generate';
import type { InspectDocument } from './inspect-document';
import { namesOn, resolvesNames } from './name-service';

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
  const { aliases = [], ip, ip6, gwPriority = 0 } = wanted;
  return {
    IPAMConfig:
      ip === undefined && ip6 === undefined
        ? null
        : {
            ...(ip === undefined ? {} : { IPv4Address: ip }),
            ...(ip6 === undefined ? {} : { IPv6Address: ip6 }),
          },
    Links: null,
    Aliases: aliases.length === 0 ? null : aliases,
    MacAddress: place?.macAddress ?? wanted.macAddress ?? '',
    DriverOpts: null,
    GwPriority: gwPriority,
    NetworkID: place?.networkId ?? '',
    ...addressKeys(place),
    DNSNames: place !== undefined && resolvesNames(place) ? namesOn(record, aliases) : null,
  };
}

function addressKeys(place: NetworkSettings | undefined): InspectDocument {
  return {
    Gateway: place?.gateway ?? '',
    IPAddress: place?.address ?? '',
    IPPrefixLen: place?.prefixLength ?? 0,
    IPv6Gateway: place?.gateway6 ?? '',
    GlobalIPv6Address: place?.address6 ?? '',
    GlobalIPv6PrefixLen: place?.prefixLength6 ?? 0,
  };
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
