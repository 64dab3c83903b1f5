import { isIP } from 'node:net';
import { TinydError } from '@tinyd/core';

/** A line of /etc/hosts that the user asks for; `host-gateway` as address is resolved by {@link hostsFile}. */
export interface ExtraHost {
  readonly name: string;
  readonly address: string;
}

/** What /etc/hosts of a container is made of. */
export interface HostsSources {
  /** The container's own addresses, IPv4 first; empty without a network of its own. */
  readonly addresses: readonly string[];
  readonly hostname: string;
  readonly domainname?: string;
  readonly extra: readonly ExtraHost[];
  /** The bridge's address: what `host-gateway` stands for. */
  readonly hostGateway?: string;
}

const LOOPBACK = [
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::\tip6-localnet',
  'ff00::\tip6-mcastprefix',
  'ff02::1\tip6-allnodes',
  'ff02::2\tip6-allrouters',
];

/** Writes docker's /etc/hosts. Fails with ERR_TINYD_OPTION_INVALID when `host-gateway` has no address. */
export function hostsFile(sources: HostsSources): string {
  const full = sources.domainname ? `${sources.hostname}.${sources.domainname}` : sources.hostname;
  const [short = ''] = sources.hostname.split('.', 1);
  const own = short === '' || short === full ? full : `${full} ${short}`;
  return [
    ...LOOPBACK,
    ...extraLines(sources.extra, sources.hostGateway),
    ...sources.addresses.map(address => `${address}\t${own}`),
    '',
  ].join('\n');
}

/** `--network host`: the host's own file, then the extra hosts. */
export function sharedHostsFile(hostFile: string, extra: readonly ExtraHost[]): string {
  const end = hostFile.endsWith('\n') || hostFile === '' ? '' : '\n';
  const lines = extraLines(extra, '127.0.0.1');
  return lines.length === 0 ? hostFile : `${hostFile}${end}${lines.join('\n')}\n`;
}

function extraLines(extra: readonly ExtraHost[], hostGateway: string | undefined): string[] {
  return extra.map(({ name, address }) => {
    const resolved = address === 'host-gateway' ? hostGateway : address;
    if (resolved === undefined) {
      throw new TinydError(
        'ERR_TINYD_OPTION_INVALID',
        `cannot add host ${name}: host-gateway needs a bridge network`,
        {
          hint: 'give an address instead of host-gateway',
          details: { host: name },
        },
      );
    }
    return `${resolved}\t${name}`;
  });
}

/** Refuses what would add lines of its own to a file, or is no address. Fails with ERR_TINYD_OPTION_INVALID. */
export function checkExtraHosts(extra: readonly ExtraHost[]): void {
  for (const { name, address } of extra) {
    if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(name)) {
      throw new TinydError(
        'ERR_TINYD_OPTION_INVALID',
        `cannot add host ${JSON.stringify(name)}: not a host name`,
        {
          hint: '--add-host NAME:ADDRESS',
          details: { host: name },
        },
      );
    }
    if (address !== 'host-gateway' && isIP(address) === 0) {
      throw new TinydError(
        'ERR_TINYD_OPTION_INVALID',
        `cannot add host ${name}: ${JSON.stringify(address)} is no IP address`,
        { hint: '--add-host NAME:ADDRESS, or NAME:host-gateway', details: { host: name, address } },
      );
    }
  }
}
