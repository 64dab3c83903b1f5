import { join } from 'node:path';
import { replaceUnflushed } from '../../atomic-file';
import type { ResolverSettings } from '../../etc/resolv-conf';
import { setsNdots } from './resolv-conf';

/** Where names go that no network of the container knows. */
export type Upstream =
  /** The servers in the host's /etc/resolv.conf, as it is when they are asked. */
  | 'host'
  /** Nowhere: the container is on internal networks only (CVE-2024-29018). */
  | 'none'
  /** These servers, in this order. */
  | readonly string[];

/** What a container's monitor is to answer at 127.0.0.11. */
export interface DnsService {
  /** Folders of the container's networks (`zoneFolder`), in the order in which a name is looked for. */
  readonly zones: readonly string[];
  readonly upstream: Upstream;
  /**
   * Unknown names without a dot are answered with nothing instead of being sent upstream, so that the container's own
   * resolver goes on with its search list. docker does that where `ndots` is set.
   */
  readonly keepSingleLabels: boolean;
}

/** What {@link dnsService} decides from. */
export interface DnsRequest {
  readonly zones: readonly string[];
  /** None of the container's networks leads out. */
  readonly internal: boolean;
  /** The host's resolv.conf (`hostResolver`). */
  readonly host: ResolverSettings;
  /** `--dns`, `--dns-search`, `--dns-option`. */
  readonly user: ResolverSettings;
}

/** Decides as docker does where a container's questions go. */
export function dnsService({ zones, internal, host, user }: DnsRequest): DnsService {
  const named = user.nameservers.length > 0 ? user.nameservers : 'host';
  return {
    zones,
    upstream: internal ? 'none' : named,
    keepSingleLabels: setsNdots(user.options.length > 0 ? user.options : host.options),
  };
}

/** The file in a container's run folder that its monitor reads before it answers. */
export function dnsServiceFile(runDir: string): string {
  return join(runDir, 'dns');
}

/**
 * Writes that file. To be called before the container starts, and again whenever it is connected or disconnected: the
 * next question is answered by the new content.
 */
export function writeDnsService(runDir: string, service: DnsService): void {
  const { zones, upstream, keepSingleLabels } = service;
  const servers = typeof upstream === 'string' ? [upstream] : upstream;
  const lines = [
    ...zones.map(zone => `zone ${zone}`),
    ...servers.map(server => `upstream ${server}`),
    ...(keepSingleLabels ? ['keep single-labels'] : []),
    '',
  ];
  replaceUnflushed(dnsServiceFile(runDir), lines.join('\n'));
}
