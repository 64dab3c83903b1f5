import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { TinydError } from '@tinyd/core';
import { digestHexOf, randomBytes } from '@tinyd/native';
import { replaceFile, systemCode } from '../atomic-file';
import { formatIpv4, formatSubnet, type Ipv4, parseIpv4, parseSubnet, type Subnet } from './ipv4';

/** Name of the network that containers join unless told otherwise. */
export const DEFAULT_NETWORK = 'bridge';

const DEFAULT_ROOT = '/var/lib/tinyd';

/** A network as it stands in `<root>/networks/<name>.json`. */
interface NetworkRecord {
  readonly name: string;
  /** 64 hex digits. */
  readonly id: string;
  readonly driver: 'bridge';
  readonly subnet: string;
  readonly gateway: string;
  /** Name of the link. */
  readonly bridge: string;
  readonly created: string;
}

/** A network, addresses as numbers. */
export interface Network {
  readonly name: string;
  readonly id: string;
  readonly subnet: Subnet;
  readonly gateway: Ipv4;
  readonly bridge: string;
}

/** The folder of a root's networks. */
export function networksDir(root: string): string {
  return join(root, 'networks');
}

/** Where the network is defined. */
export function definitionFile(root: string): string {
  return join(networksDir(root), `${DEFAULT_NETWORK}.json`);
}

/** The text of '0' and '1', one for each address of the subnet: which are in use. */
export function addressMapFile(root: string): string {
  return join(networksDir(root), `${DEFAULT_NETWORK}.bitmap`);
}

/** Reads the network's definition; undefined before its first use. Fails with ERR_TINYD_NETWORK_FAILED. */
export function readDefinition(root: string): Network | undefined {
  const path = definitionFile(root);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const record = JSON.parse(text) as NetworkRecord;
    const { name, id, bridge } = record;
    if (![name, id, bridge].every(field => typeof field === 'string')) throw new Error('a field is missing');
    return { name, id, bridge, subnet: parseSubnet(record.subnet), gateway: parseIpv4(record.gateway) };
  } catch (cause) {
    throw new TinydError(
      'ERR_TINYD_NETWORK_FAILED',
      `cannot read network definition ${path}: it is damaged`,
      {
        cause,
        hint: 'stop all containers and delete the file: the next start writes a new one',
      },
    );
  }
}

/** Defines the network with a subnet; the gateway is its first address. */
export function writeDefinition(root: string, subnet: Subnet): Network {
  const network: Network = {
    name: DEFAULT_NETWORK,
    id: randomBytes(32).toString('hex'),
    subnet,
    gateway: subnet.base + 1,
    bridge: bridgeName(root),
  };
  const record: NetworkRecord = {
    name: network.name,
    id: network.id,
    driver: 'bridge',
    subnet: formatSubnet(subnet),
    gateway: formatIpv4(network.gateway),
    bridge: network.bridge,
    created: new Date().toISOString(),
  };
  mkdirSync(networksDir(root), { recursive: true, mode: 0o711 });
  replaceFile(definitionFile(root), `${JSON.stringify(record, null, 2)}\n`, 0o644);
  return network;
}

/** Removes what killed writers of {@link replaceFile} left. The caller keeps other writers out. */
export function dropUnfinishedFiles(root: string): void {
  const dir = networksDir(root);
  if (!existsSync(dir)) return;
  for (const name of readdirSync(dir)) {
    if (name.endsWith('.tmp')) rmSync(join(dir, name), { force: true });
  }
}

/** `tinyd0`; another root folder has a network of its own, and so a bridge of another name. */
function bridgeName(root: string): string {
  mkdirSync(root, { recursive: true, mode: 0o711 });
  const path = realpathSync(root);
  if (path === DEFAULT_ROOT) return 'tinyd0';
  return `tinyd-${digestHexOf('sha256', Buffer.from(path)).slice(0, 8)}`;
}
