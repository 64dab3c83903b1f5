import { readFileSync, writeFileSync } from 'node:fs';
import type { RuntimeContext } from '../context';
import { type ContainerLayout, containerLayout } from '../layout';
import type { ContainerRecord } from '../record';
import type { EtcFiles } from '../spec/mounts';
import { hostsFile, sharedHostsFile } from './hosts';
import { hostResolver, resolvConf } from './resolv-conf';

/** What is known of the container's network when the files are written. */
export interface OwnAddresses {
  readonly addresses: readonly string[];
  readonly hostGateway?: string;
}

/**
 * Writes the hostname, hosts and resolv.conf that are mounted over the image's.
 *
 * With `--network container:ID` there is nothing to write: the other container's files are mounted.
 */
export function writeEtcFiles(record: ContainerRecord, paths: ContainerLayout, own: OwnAddresses): void {
  const { options, hostname, domainname } = record;
  if (options.network.mode === 'container') return;
  const ownNetwork = options.network.mode !== 'host';
  const hosts = ownNetwork
    ? hostsFile({
        addresses: own.addresses,
        hostname,
        extra: options.addHosts,
        ...(domainname === undefined ? {} : { domainname }),
        ...(own.hostGateway === undefined ? {} : { hostGateway: own.hostGateway }),
      })
    : sharedHostsFile(readFileSync('/etc/hosts', 'utf8'), options.addHosts);
  const user = { nameservers: options.dns, search: options.dnsSearch, options: options.dnsOptions };
  write(paths.hostname, `${hostname}\n`);
  write(paths.hosts, hosts);
  write(paths.resolvConf, resolvConf(hostResolver(ownNetwork), user, ownNetwork));
}

/** The files that a container mounts: its own, or those of the container whose network it shares. */
export function etcFilesOf(
  context: RuntimeContext,
  record: ContainerRecord,
  paths: ContainerLayout,
): EtcFiles {
  const { network } = record.options;
  const owner = network.mode === 'container' ? containerLayout(context.layout, network.container) : paths;
  return { resolvConf: owner.resolvConf, hostname: owner.hostname, hosts: owner.hosts };
}

/** Written in place: a running container's mount must go on showing the same file. */
function write(path: string, text: string): void {
  writeFileSync(path, text, { mode: 0o644 });
}
