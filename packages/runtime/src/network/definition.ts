import { existsSync, mkdirSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { TinydError } from '@tinyd/core';
import { digestHexOf, randomBytes } from '@tinyd/native';
import { readIfThere, replaceFile } from '../atomic-file';
import {
  type DriverOptions,
  type MacvlanOptions,
  readDriverOptions,
  readMacvlanOptions,
} from './driver-options';
import { formatIpv4, formatSubnet, type Ipv4, parseIpv4, parseSubnet, type Subnet } from './ipv4';
import { type Ipv6, parseIpv6, parseSubnet6, type Subnet6 } from './ipv6';

/** Name of the network that containers join unless told otherwise. */
export const DEFAULT_NETWORK = 'bridge';

const DEFAULT_ROOT = '/var/lib/tinyd';

const RECORD_ENDING = '.json';
const MAP_ENDING = '.bitmap';

/** A network as it stands in `<root>/networks/<name>.json`. Never changed after the network was made. */
export interface NetworkRecord {
  readonly name: string;
  /** 64 hex digits. */
  readonly id: string;
  readonly driver: 'bridge' | 'macvlan';
  readonly subnet: string;
  readonly gateway: string;
  /** Name of the link; empty for macvlan, which has none of its own. */
  readonly bridge: string;
  readonly created: string;
  /** The part of the subnet that addresses are chosen from; absent: all of it. */
  readonly ipRange?: string;
  /** Addresses that belong to something else, by the names it was given. */
  readonly auxAddresses?: Readonly<Record<string, string>>;
  /** Absent: the network has no IPv6 addresses. */
  readonly ipv6?: { readonly subnet: string; readonly gateway: string };
  /** Nothing leads out of it. */
  readonly internal?: true;
  readonly attachable?: true;
  readonly labels?: Readonly<Record<string, string>>;
  /** docker's driver options, as given. */
  readonly options?: Readonly<Record<string, string>>;
}

/** A network, addresses as numbers. */
export interface Network {
  readonly name: string;
  readonly id: string;
  readonly subnet: Subnet;
  readonly gateway: Ipv4;
  readonly bridge: string;
  /** Where addresses are chosen from. */
  readonly range: Subnet;
  /** Addresses no container gets, the gateway among them. */
  readonly reserved: readonly Ipv4[];
  readonly ipv6?: { readonly subnet: Subnet6; readonly gateway: Ipv6 };
  readonly internal: boolean;
  readonly driver: DriverOptions;
  /** Given if its containers are on a link of the host directly; then the gateway is no address of the host. */
  readonly macvlan?: MacvlanOptions;
  readonly record: NetworkRecord;
}

/** The folder of a root's networks. */
function networksDir(root: string): string {
  return join(root, 'networks');
}

/** Where a network is defined. */
function definitionFile(root: string, name: string): string {
  return join(networksDir(root), `${name}${RECORD_ENDING}`);
}

/** The text of '0' and '1', one for each address of the subnet: which are in use. */
export function addressMapFile(root: string, name: string): string {
  return join(networksDir(root), `${name}${MAP_ENDING}`);
}

/** docker's grammar; the default network and the names that stand for no network are for {@link isPredefined}. */
export function isNetworkName(name: string): boolean {
  return /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name) && name.length <= 200;
}

/** Names that can be neither made nor removed. */
export function isPredefined(name: string): boolean {
  return ['bridge', 'host', 'none', 'default'].includes(name);
}

/** Reads a network's definition; undefined when there is none. Fails with ERR_TINYD_NETWORK_FAILED. */
export function readDefinition(root: string, name = DEFAULT_NETWORK): Network | undefined {
  const path = definitionFile(root, name);
  const text = readIfThere(path);
  if (text === undefined) return undefined;
  try {
    return toNetwork(JSON.parse(text) as NetworkRecord);
  } catch (cause) {
    throw new TinydError(
      'ERR_TINYD_NETWORK_FAILED',
      `cannot read network definition ${path}: it is damaged`,
      {
        cause,
        hint:
          name === DEFAULT_NETWORK
            ? 'stop all containers and delete the file: the next start writes a new one'
            : 'stop the containers of the network, delete the file, and create the network again',
      },
    );
  }
}

/** All networks that are defined, by name. Takes no lock. */
export function readDefinitions(root: string): Network[] {
  const dir = networksDir(root);
  const names = existsSync(dir) ? readdirSync(dir).filter(name => name.endsWith(RECORD_ENDING)) : [];
  return names.sort().flatMap(name => readDefinition(root, basename(name, RECORD_ENDING)) ?? []);
}

/** A record in the terms of the code. Fails when it is damaged. */
export function toNetwork(record: NetworkRecord): Network {
  const { name, id, bridge } = record;
  if (![name, id, bridge].every(field => typeof field === 'string')) throw new Error('a field is missing');
  const subnet = parseSubnet(record.subnet);
  const gateway = parseIpv4(record.gateway);
  return {
    name,
    id,
    bridge,
    subnet,
    gateway,
    range: record.ipRange === undefined ? subnet : parseSubnet(record.ipRange),
    reserved: [gateway, ...Object.values(record.auxAddresses ?? {}).map(parseIpv4)],
    ...(record.ipv6 === undefined
      ? {}
      : { ipv6: { subnet: parseSubnet6(record.ipv6.subnet), gateway: parseIpv6(record.ipv6.gateway) } }),
    internal: record.internal === true,
    ...driverOf(record),
    record,
  };
}

function driverOf({ driver, options = {} }: NetworkRecord): Pick<Network, 'driver' | 'macvlan'> {
  if (driver === 'bridge') return { driver: readDriverOptions(options) };
  const { mtu, ...macvlan } = readMacvlanOptions(options);
  return { driver: { icc: true, masquerade: false, ...(mtu === undefined ? {} : { mtu }) }, macvlan };
}

/** Writes a definition for good. */
export function writeRecord(root: string, record: NetworkRecord): Network {
  mkdirSync(networksDir(root), { recursive: true, mode: 0o711 });
  replaceFile(definitionFile(root, record.name), `${JSON.stringify(record, null, 2)}\n`, 0o644);
  return toNetwork(record);
}

/** Defines the default network with a subnet; the gateway is its first address. */
export function writeDefinition(root: string, subnet: Subnet): Network {
  return writeRecord(root, {
    name: DEFAULT_NETWORK,
    id: newNetworkId(),
    driver: 'bridge',
    subnet: formatSubnet(subnet),
    gateway: formatIpv4(subnet.base + 1),
    bridge: bridgeName(root),
    created: new Date().toISOString(),
  });
}

/** 64 hexadecimal digits. */
export function newNetworkId(): string {
  return randomBytes(32).toString('hex');
}

/** Removes a network's files; the definition goes first, so that no half of a network is ever found. */
export function removeDefinition(root: string, name: string): void {
  rmSync(definitionFile(root, name), { force: true });
  rmSync(addressMapFile(root, name), { force: true });
}

/**
 * Removes what killed writers of {@link replaceFile} left, and address maps of networks that are gone. The caller keeps
 * other writers out.
 */
export function dropUnfinishedFiles(root: string): void {
  const dir = networksDir(root);
  if (!existsSync(dir)) return;
  for (const name of readdirSync(dir)) {
    const isOrphan =
      name.endsWith(MAP_ENDING) && !existsSync(definitionFile(root, basename(name, MAP_ENDING)));
    if (name.endsWith('.tmp') || isOrphan) rmSync(join(dir, name), { force: true });
  }
}

/** `tinyd0`; another root folder has a network of its own, and so a bridge of another name. */
function bridgeName(root: string): string {
  mkdirSync(root, { recursive: true, mode: 0o711 });
  const path = realpathSync(root);
  if (path === DEFAULT_ROOT) return 'tinyd0';
  return `tinyd-${digestHexOf('sha256', Buffer.from(path)).slice(0, 8)}`;
}
