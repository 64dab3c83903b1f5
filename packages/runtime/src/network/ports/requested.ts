import { TinydError } from '@tinyd/core';
import type { PortMapping } from '../../options';
import { readIpv4 } from '../ipv4';
import { formatIpv6, readIpv6 } from '../ipv6';
import { ANY_ADDRESS, ANY_ADDRESS_6 } from '../settings';

/** A port that is to be published; `first` to `last` are the host ports that will do, undefined for any. */
export interface RequestedPort {
  readonly hostIp: string;
  /** The same port of another address goes with it: `::` where the network has IPv6 and the user named no address. */
  readonly twinIp?: string;
  readonly range: { readonly first: number; readonly last: number } | undefined;
  readonly containerPort: number;
  readonly protocol: 'tcp' | 'udp';
}

const EXPOSED = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/([a-z]+))?$/;

/**
 * The ports of `-p`, and with `-P` all exposed ones that `-p` does not mention.
 *
 * @param exposed `80/tcp`, `80`, `8000-8010/udp`: the image's EXPOSE and `--expose`.
 * @param target what the network has to offer: where a port goes for which the user named no address of the host.
 * Fails with ERR_TINYD_OPTION_INVALID or ERR_TINYD_OPTION_UNSUPPORTED.
 */
export function requestedPorts(
  mappings: readonly PortMapping[],
  exposed: readonly string[],
  publishAll: boolean,
  target: PublishTarget = {},
): RequestedPort[] {
  const requested = mappings.map(mapping => requestedPort(mapping, target));
  if (!publishAll) return requested;
  const mentioned = new Set(requested.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`));
  for (const { port, protocol } of exposed.flatMap(exposedPorts)) {
    const name = `${port}/${protocol}`;
    if (mentioned.has(name)) continue;
    mentioned.add(name);
    requested.push({ ...anyAddresses(target), range: undefined, containerPort: port, protocol });
  }
  return requested;
}

function requestedPort(mapping: PortMapping, target: PublishTarget): RequestedPort {
  const { hostPort, hostPortEnd, containerPort, protocol } = mapping;
  checkProtocol(protocol, `${containerPort}/${protocol}`);
  const last = hostPortEnd ?? hostPort;
  for (const port of [hostPort, last, containerPort]) checkPort(port);
  // docker takes host port 0 for "any".
  const range =
    hostPort === undefined || hostPort === 0 ? undefined : { first: hostPort, last: last ?? hostPort };
  return { ...hostAddresses(mapping.hostIp, target), range, containerPort, protocol };
}

/** How a network publishes. */
export interface PublishTarget {
  /** `com.docker.network.bridge.host_binding_ipv4`. */
  readonly hostBinding?: string | undefined;
  readonly hasIpv6?: boolean;
}

type HostAddresses = Pick<RequestedPort, 'hostIp' | 'twinIp'>;

function anyAddresses({ hostBinding, hasIpv6 }: PublishTarget): HostAddresses {
  if (hostBinding !== undefined) return { hostIp: hostBinding };
  return { hostIp: ANY_ADDRESS, ...(hasIpv6 === true ? { twinIp: ANY_ADDRESS_6 } : {}) };
}

function hostAddresses(hostIp: string | undefined, target: PublishTarget): HostAddresses {
  if (hostIp === undefined || hostIp === '') return anyAddresses(target);
  if (readIpv4(hostIp) !== undefined) return { hostIp };
  const address = readIpv6(hostIp);
  if (address === undefined) {
    throw new TinydError(
      'ERR_TINYD_OPTION_INVALID',
      `cannot publish a port on ${JSON.stringify(hostIp)}: it is no IP address`,
    );
  }
  if (address === 1n) {
    throw new TinydError(
      'ERR_TINYD_OPTION_UNSUPPORTED',
      `cannot publish a port on ${hostIp}: the kernel takes no answers for it from a container`,
      { hint: 'use 127.0.0.1, or another address of this host' },
    );
  }
  if (target.hasIpv6 === true) return { hostIp: formatIpv6(address) };
  throw new TinydError(
    'ERR_TINYD_OPTION_UNSUPPORTED',
    `cannot publish a port on ${hostIp}: the network has no IPv6 addresses`,
    { hint: 'leave the address out, name an IPv4 address of this host, or create a network with --ipv6' },
  );
}

function checkPort(port: number | undefined): void {
  if (port === undefined || (Number.isInteger(port) && port >= 0 && port <= 65535)) return;
  throw new TinydError('ERR_TINYD_OPTION_INVALID', `cannot publish port ${port}: ports are 1 to 65535`);
}

function checkProtocol(protocol: string, operand: string): asserts protocol is 'tcp' | 'udp' {
  if (protocol === 'tcp' || protocol === 'udp') return;
  const known = protocol === 'sctp';
  throw new TinydError(
    known ? 'ERR_TINYD_OPTION_UNSUPPORTED' : 'ERR_TINYD_OPTION_INVALID',
    `cannot publish ${operand}: ${known ? 'sctp ports cannot be published' : `${JSON.stringify(protocol)} is no protocol`}`,
    { hint: 'use tcp or udp' },
  );
}

function exposedPorts(text: string): { port: number; protocol: 'tcp' | 'udp' }[] {
  const [, first, last = first, protocol = 'tcp'] = EXPOSED.exec(text.toLowerCase()) ?? [];
  const from = Number(first);
  const to = Number(last);
  if (first === undefined || from < 1 || to < from || to > 65535) {
    throw new TinydError(
      'ERR_TINYD_OPTION_INVALID',
      `cannot expose port ${JSON.stringify(text)}: want 80, 80/udp or 8000-8010/tcp`,
    );
  }
  checkProtocol(protocol, text);
  return Array.from({ length: to - from + 1 }, (_, index) => ({ port: from + index, protocol }));
}
