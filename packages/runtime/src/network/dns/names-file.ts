import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { TinydError } from '@tinyd/core';
import { replaceUnflushed, systemCode } from '../../atomic-file';

/** What one running container is called on one network. */
export interface NetworkNames {
  /** Name of the network: every name also answers as `NAME.NETWORK`, as with docker. */
  readonly network: string;
  /** Its addresses there, IPv4 or IPv6 in text form. Each of the names leads to all of them. */
  readonly addresses: readonly string[];
  /** The container's name, its aliases, its short ID; the first is the one that an address leads back to. */
  readonly names: readonly string[];
}

/** The folder of one network's names: a file for each running container on it. It goes with a reboot. */
export function zoneFolder(state: string, networkId: string): string {
  return join(state, 'networks', networkId, 'names');
}

/** The file of one container. Its monitor is to delete it (`TeardownPlan.removeLinks`). */
export function namesFile(zone: string, containerId: string): string {
  return join(zone, containerId);
}

/**
 * Makes a container known on a network, or replaces what it was called there; makes the folder if need be. Containers
 * of the network find it from the moment this returns.
 *
 * The file has lines of hosts(5). Its canonical name is `NAME.NETWORK`, which is what docker answers to a PTR query.
 */
export function writeNames(zone: string, containerId: string, { network, addresses, names }: NetworkNames) {
  const own = [...new Set(names)];
  const full = own.map(name => `${name}.${network}`);
  const line = [...full.slice(0, 1), ...own, ...full.slice(1)].join(' ');
  mkdirSync(zone, { recursive: true, mode: 0o711 });
  replaceUnflushed(
    namesFile(zone, containerId),
    addresses.map(address => `${address} ${line}\n`).join(''),
    0o644,
  );
}

/** Takes a container's names away; none are no error. */
export function removeNames(zone: string, containerId: string): void {
  try {
    rmSync(namesFile(zone, containerId), { force: true });
  } catch (error) {
    if (systemCode(error) !== 'ENOTDIR') throw error;
  }
}

const LABEL = '[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?';
const HOST_NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);
/** RFC 1035, section 2.3.4: 255 bytes on the wire. */
const MAX_NAME = 253;

/** Refuses an alias that cannot be asked for. Fails with ERR_TINYD_OPTION_INVALID. */
export function checkNetworkAlias(flag: string, alias: string): void {
  if (HOST_NAME.test(alias) && alias.length <= MAX_NAME) return;
  throw new TinydError(
    'ERR_TINYD_OPTION_INVALID',
    `cannot use ${flag} ${JSON.stringify(alias)}: not a host name`,
    {
      hint: 'letters, digits, dashes and underscores, parts of at most 63 of them between dots',
      details: { flag, value: alias },
    },
  );
}
