import { TinydError } from '@tinyd/core';
import type { NetworkChoice, NetworkEndpoint } from '@tinyd/runtime';
import { invalidFlag, unsupportedFlag } from './invalid';
import { parseInteger } from './numbers';

/** docker takes a value with `=` in it for the long form. */
const LONG_FORM = /\w+=\w+/;

const KEYS = 'keys are name, alias, ip, ip6, mac-address and gw-priority';

/** Keys of the long form that say something of a network's own. */
type Detail = Omit<NetworkEndpoint, 'network'>;

/** `--network NAME`, or `--network name=NAME,alias=…,ip=…,mac-address=…,gw-priority=…`. */
export function parseNetwork(flag: string, text: string): NetworkEndpoint {
  if (!LONG_FORM.test(text)) return { network: normalName(text) };
  let network: string | undefined;
  let detail: Detail = {};
  for (const field of text.split(',')) {
    const equals = field.indexOf('=');
    const key = field.slice(0, Math.max(equals, 0)).trim().toLowerCase();
    const value = field.slice(equals + 1).trim();
    if (equals === -1) throw invalidFlag(flag, text, `${JSON.stringify(field)} is no KEY=VALUE`);
    if (key === 'name') network = normalName(value);
    else detail = { ...detail, ...readDetail(flag, text, key, value, detail) };
  }
  if (network === undefined) throw invalidFlag(flag, text, 'it names no network', 'begin with name=NETWORK');
  return { network, ...detail };
}

function readDetail(flag: string, text: string, key: string, value: string, before: Detail): Detail {
  switch (key) {
    case 'alias':
      return { aliases: [...(before.aliases ?? []), value] };
    case 'ip':
      return { ip: value };
    case 'mac-address':
      return { macAddress: value };
    case 'gw-priority':
      return { gwPriority: parseInteger(flag, value, -(2 ** 31), 2 ** 31 - 1) };
    case 'ip6':
      return { ip6: value };
    case 'link-local-ip':
    case 'driver-opt':
      throw unsupportedFlag(flag, text, `${key} is not supported`);
    default:
      throw invalidFlag(flag, text, `there is no key ${JSON.stringify(key)}`, KEYS);
  }
}

function normalName(name: string): string {
  return name === '' || name === 'default' ? 'bridge' : name;
}

/** What stands in `--network` and in the flags beside it, which belong to the first network. */
export interface NetworkWords {
  readonly networks: readonly NetworkEndpoint[];
  readonly aliases: readonly string[];
  readonly ip: string | undefined;
  readonly ip6: string | undefined;
  readonly macAddress: string | undefined;
}

/**
 * Joins the flags by docker's rules. Fails with ERR_TINYD_OPTION_INVALID where they contradict one another.
 */
export function readNetworks(words: NetworkWords): { network: NetworkChoice; endpoints?: NetworkEndpoint[] } {
  const [first = { network: 'bridge' }, ...others] = words.networks;
  const joined = joinDetail(first, words);
  const { network: name, ...detail } = joined;
  const isDetailed = Object.keys(detail).length > 0;
  const shared = sharedMode(name);
  if (shared === undefined && name !== 'bridge') {
    for (const { network } of others) {
      if (network === 'bridge' || sharedMode(network) !== undefined) throw mixed(network);
    }
    return { network: { mode: 'user', network: name }, endpoints: [joined, ...others] };
  }
  if (others.length > 0) throw mixed(name);
  if (shared !== undefined) {
    if (isDetailed) throw conflict('network', name, 'it leaves no address or alias to choose');
    return { network: shared };
  }
  return { network: { mode: 'bridge' }, ...(isDetailed ? { endpoints: [joined] } : {}) };
}

/** The modes without a network of one's own. */
function sharedMode(name: string): NetworkChoice | undefined {
  if (name === 'none' || name === 'host') return { mode: name };
  if (!name.startsWith('container:')) return undefined;
  const container = name.slice('container:'.length);
  if (container === '') throw invalidFlag('network', name, 'it names no container');
  return { mode: 'container', container };
}

function joinDetail(first: NetworkEndpoint, { aliases, ip, ip6, macAddress }: NetworkWords): NetworkEndpoint {
  if (aliases.length > 0 && first.aliases !== undefined) throw twice('network-alias', 'alias=');
  if (ip !== undefined && first.ip !== undefined) throw twice('ip', 'ip=');
  if (ip6 !== undefined && first.ip6 !== undefined) throw twice('ip6', 'ip6=');
  if (macAddress !== undefined && first.macAddress !== undefined) throw twice('mac-address', 'mac-address=');
  return {
    ...first,
    ...(aliases.length === 0 ? {} : { aliases }),
    ...(ip === undefined ? {} : { ip }),
    ...(ip6 === undefined ? {} : { ip6 }),
    ...(macAddress === undefined ? {} : { macAddress }),
  };
}

function twice(flag: string, key: string): TinydError {
  return new TinydError(
    'ERR_TINYD_OPTION_INVALID',
    `cannot use --${flag} together with ${key} in --network`,
    {
      hint: 'say it once',
    },
  );
}

function mixed(name: string): TinydError {
  return conflict('network', name, 'it cannot be had together with other networks');
}

function conflict(flag: string, value: string, why: string): TinydError {
  return new TinydError('ERR_TINYD_OPTION_INVALID', `cannot use --${flag} ${value}: ${why}`);
}
