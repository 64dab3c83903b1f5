import { TinydError } from '@tinyd/core';
import { ensureNetwork, withNamespaceLock } from './bridge';
import { wantedIpv6 } from './create-ipv6';
import {
  dropUnfinishedFiles,
  isNetworkName,
  isPredefined,
  type Network,
  type NetworkRecord,
  newNetworkId,
  readDefinitions,
  writeRecord,
} from './definition';
import { readDriverOptions, readMacvlanOptions } from './driver-options';
import {
  formatIpv4,
  formatSubnet,
  type Ipv4,
  overlaps,
  readIpv4,
  readSubnet,
  type Subnet,
  subnetSize,
} from './ipv4';
import { findLink } from './links';
import { probeMacvlan } from './macvlan';
import { takeDown } from './release';
import type { AttachedContainer } from './settings';
import { chooseSubnet, USER_POOL } from './subnet-pool';
import { findSubnetUser, sharesLinkIndex, subnetsTaken } from './subnet-users';

/** What `network create` asks for. */
export interface NetworkOptions {
  readonly name: string;
  readonly driver: string;
  readonly internal: boolean;
  readonly attachable: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** docker's driver options: `com.docker.network.bridge.name` and others. */
  readonly options: Readonly<Record<string, string>>;
  readonly subnet?: string;
  readonly gateway?: string;
  readonly ipRange?: string;
  /** Give IPv6 addresses too: of `subnet6`, or of a subnet that is made up. */
  readonly ipv6: boolean;
  readonly subnet6?: string;
  readonly gateway6?: string;
  readonly auxAddresses: Readonly<Record<string, string>>;
}

/** Room for the network's own address, the gateway, a container, and everybody's address; and for the map in memory. */
const LONGEST_PREFIX = 30;
const SHORTEST_PREFIX = 8;

/** What a network is made for. */
interface Place {
  readonly root: string;
  readonly running: () => readonly AttachedContainer[];
}

/**
 * Defines a network and sets it up.
 *
 * Fails with ERR_TINYD_NAME_INVALID, ERR_TINYD_NAME_TAKEN, ERR_TINYD_SUBNET_TAKEN, ERR_TINYD_OPTION_INVALID,
 * ERR_TINYD_OPTION_UNSUPPORTED or ERR_TINYD_NETWORK_FAILED; nothing stays behind then.
 */
export function createNetwork({ root, running }: Place, options: NetworkOptions): Network {
  checkName(options.name);
  const driver = checkDriver(options);
  const network = withNamespaceLock(() => {
    dropUnfinishedFiles(root);
    return writeRecord(root, newRecord(root, options, driver));
  });
  try {
    return ensureNetwork({ root, running, name: network.name });
  } catch (error) {
    withNamespaceLock(() => takeDown(root, network));
    throw error;
  }
}

/** Refuses drivers that are not there, and options that their drivers do not have. */
function checkDriver({ name, driver, options }: NetworkOptions): NetworkRecord['driver'] {
  if (driver === 'bridge') readDriverOptions(options);
  else if (driver === 'macvlan') probeMacvlan(name, readMacvlanOptions(options));
  else throw unsupportedDriver(driver);
  return driver;
}

function checkName(name: string): void {
  if (isPredefined(name)) {
    throw new TinydError(
      'ERR_TINYD_NAME_TAKEN',
      `cannot create network ${name}: this network is always there`,
      {
        hint: 'choose another name',
        details: { name },
      },
    );
  }
  if (isNetworkName(name)) return;
  throw new TinydError(
    'ERR_TINYD_NAME_INVALID',
    `cannot create network ${JSON.stringify(name)}: not a network name`,
    {
      hint: 'letters, digits and any of _.-, the first a letter or digit',
      details: { name },
    },
  );
}

function newRecord(root: string, options: NetworkOptions, driver: NetworkRecord['driver']): NetworkRecord {
  const others = readDefinitions(root);
  if (others.some(other => other.name === options.name)) {
    throw new TinydError('ERR_TINYD_NAME_TAKEN', `cannot create network ${options.name}: it exists already`, {
      hint: 'choose another name, or remove that network first',
      details: { name: options.name },
    });
  }
  const id = newNetworkId();
  const subnet = wantedSubnet(root, options);
  const gateway = wantedGateway(subnet, options);
  const twin = driver === 'bridge' ? sharesLinkIndex(gateway, others) : undefined;
  if (twin !== undefined) {
    throw invalid(
      `--subnet ${formatSubnet(subnet)}`,
      `its addresses share link numbers with those of network ${twin.name}`,
    );
  }
  const { ipRange, internal, attachable, labels, auxAddresses } = options;
  return {
    name: options.name,
    id,
    driver,
    subnet: formatSubnet(subnet),
    gateway: formatIpv4(gateway),
    bridge: driver === 'macvlan' ? '' : wantedBridge(id, options),
    created: new Date().toISOString(),
    ...(ipRange === undefined ? {} : { ipRange: formatSubnet(wantedRange(subnet, ipRange)) }),
    ...(options.ipv6 ? { ipv6: wantedIpv6(others, options, subnet) } : {}),
    ...(internal ? { internal } : {}),
    ...(attachable ? { attachable } : {}),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(Object.keys(options.options).length === 0 ? {} : { options: options.options }),
    ...(Object.keys(auxAddresses).length === 0
      ? {}
      : { auxAddresses: checkAuxAddresses(subnet, auxAddresses) }),
  };
}

function wantedSubnet(root: string, options: NetworkOptions): Subnet {
  const { name, driver, subnet: text, gateway, ipRange } = options;
  if (ipRange?.includes(':') === true) {
    throw invalid(
      `--ip-range ${ipRange}`,
      'a container has the same place in the IPv6 subnet as in the IPv4 one',
    );
  }
  if (text === undefined) {
    if (gateway !== undefined || ipRange !== undefined) {
      throw invalid(
        gateway === undefined ? `--ip-range ${ipRange}` : `--gateway ${gateway}`,
        'it needs a --subnet',
      );
    }
    return chooseSubnet(subnetsTaken(root), USER_POOL);
  }
  const subnet = parseRange('--subnet', text);
  if (subnet.prefixLength < SHORTEST_PREFIX || subnet.prefixLength > LONGEST_PREFIX) {
    throw invalid(`--subnet ${text}`, `want a prefix from /${SHORTEST_PREFIX} to /${LONGEST_PREFIX}`);
  }
  const holder = findSubnetUser(root, subnet, driver === 'macvlan');
  if (holder === undefined) return subnet;
  throw new TinydError(
    'ERR_TINYD_SUBNET_TAKEN',
    `cannot create network ${name}: subnet ${text} overlaps that of ${holder}`,
    {
      hint: 'choose another subnet, or leave --subnet out',
      details: { name, subnet: text, holder },
    },
  );
}

function wantedGateway(subnet: Subnet, { gateway: text, ipRange }: NetworkOptions): Ipv4 {
  // docker: the first address of the range, where one is given.
  const first = ipRange === undefined ? subnet.base : wantedRange(subnet, ipRange).base;
  const gateway = text === undefined ? Math.max(first, subnet.base + 1) : readIpv4(text);
  if (gateway === undefined) throw invalid(`--gateway ${text}`, 'it is no IPv4 address');
  if (isHostAddress(subnet, gateway)) return gateway;
  throw invalid(`--gateway ${text}`, `it is no address of ${formatSubnet(subnet)} that a host can have`);
}

function wantedRange(subnet: Subnet, text: string): Subnet {
  const range = parseRange('--ip-range', text);
  if (range.prefixLength >= subnet.prefixLength && overlaps(range, subnet)) return range;
  throw invalid(`--ip-range ${text}`, `it is no part of ${formatSubnet(subnet)}`);
}

function parseRange(flag: string, text: string): Subnet {
  const range = readSubnet(text);
  if (range === undefined) throw invalid(`${flag} ${text}`, 'want an IPv4 range, as 192.168.77.0/24');
  const size = subnetSize(range);
  if (range.base % size === 0) return range;
  const base = Math.floor(range.base / size) * size;
  throw invalid(`${flag} ${text}`, `it should be ${formatSubnet({ ...range, base })}`);
}

function checkAuxAddresses(
  subnet: Subnet,
  addresses: Readonly<Record<string, string>>,
): Record<string, string> {
  for (const [name, text] of Object.entries(addresses)) {
    const address = readIpv4(text);
    if (address === undefined || !isHostAddress(subnet, address)) {
      throw invalid(`--aux-address ${name}=${text}`, `it is no address of ${formatSubnet(subnet)}`);
    }
  }
  return { ...addresses };
}

function isHostAddress(subnet: Subnet, address: Ipv4): boolean {
  return address > subnet.base && address < subnet.base + subnetSize(subnet) - 1;
}

function wantedBridge(id: string, { options }: NetworkOptions): string {
  const { bridgeName = `br-${id.slice(0, 12)}` } = readDriverOptions(options);
  if (findLink(bridgeName) === undefined) return bridgeName;
  throw invalid(`--opt com.docker.network.bridge.name=${bridgeName}`, 'there is a link of this name');
}

function unsupportedDriver(driver: string): TinydError {
  return new TinydError(
    'ERR_TINYD_OPTION_UNSUPPORTED',
    `cannot do --driver ${driver}: there is no such driver`,
    {
      hint: 'drivers are bridge and macvlan',
      details: { driver },
    },
  );
}

function invalid(what: string, why: string): TinydError {
  return new TinydError('ERR_TINYD_OPTION_INVALID', `cannot use ${what}: ${why}`, {
    details: { option: what },
  });
}
