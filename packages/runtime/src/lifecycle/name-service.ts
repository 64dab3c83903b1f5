import { writeFileSync } from 'node:fs';
import type { RuntimeContext } from '../context';
import { hostResolver, type ResolverSettings } from '../etc/resolv-conf';
import type { ContainerLayout, RuntimeLayout } from '../layout';
import { DEFAULT_NETWORK, type NetworkSettings } from '../network';
import {
  dnsService,
  embeddedResolvConf,
  namesFile,
  removeNames,
  writeDnsService,
  writeNames,
  zoneFolder,
} from '../network/dns';
import type { ContainerRecord } from '../record';

/** True for networks whose containers find one another by name: all but the default one, as with docker. */
export function resolvesNames({ network }: Pick<NetworkSettings, 'network'>): boolean {
  return network !== DEFAULT_NETWORK;
}

/** The names of a container on a network, in docker's order: its name, aliases, short ID. */
export function namesOn(
  record: Pick<ContainerRecord, 'id' | 'name'>,
  aliases: readonly string[] = [],
): string[] {
  return [...new Set([record.name, ...aliases, record.id.slice(0, 12)])];
}

/** Lets the containers of its networks find a container; replaces what it was called there. */
export function announceNames(
  { layout }: RuntimeContext,
  record: ContainerRecord,
  places: readonly NetworkSettings[],
): void {
  for (const place of places.filter(resolvesNames)) {
    writeNames(zoneFolder(layout.state, place.networkId), record.id, {
      network: place.network,
      addresses: [place.address, ...(place.address6 === undefined ? [] : [place.address6])],
      names: namesOn(record, place.aliases),
    });
  }
}

/** Takes a container's names away again; none are no error. */
export function withdrawNames(
  layout: RuntimeLayout,
  containerId: string,
  places: readonly NetworkSettings[],
): void {
  for (const { networkId } of places.filter(resolvesNames)) {
    removeNames(zoneFolder(layout.state, networkId), containerId);
  }
}

/** The files that {@link announceNames} writes: the monitor deletes them when the container has ended. */
export function namesFiles(
  layout: RuntimeLayout,
  containerId: string,
  places: readonly NetworkSettings[],
): string[] {
  return places
    .filter(resolvesNames)
    .map(({ networkId }) => namesFile(zoneFolder(layout.state, networkId), containerId));
}

/**
 * Says what the container's monitor answers at 127.0.0.11, and leads the container's own resolver there. To be called
 * for a container that has such a resolver (`dnsPlan`): on no network that resolves names any more, it knows none. The
 * run folder exists.
 */
export function writeResolver(
  { layout }: RuntimeContext,
  { options }: ContainerRecord,
  paths: ContainerLayout,
  places: readonly NetworkSettings[],
): void {
  const zones = places.filter(resolvesNames).map(({ networkId }) => zoneFolder(layout.state, networkId));
  const host = hostResolver(true);
  const user: ResolverSettings = {
    nameservers: options.dns,
    search: options.dnsSearch,
    options: options.dnsOptions,
  };
  const internal = !places.some(({ isGateway, isGateway6 }) => isGateway || isGateway6);
  writeDnsService(paths.runDir, dnsService({ zones, internal, host, user }));
  writeFileSync(paths.resolvConf, embeddedResolvConf(host, user), { mode: 0o644 });
}
