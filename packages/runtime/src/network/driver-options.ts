import { TinydError } from '@tinyd/core';
import { readIpv4 } from './ipv4';

/** What docker's options of the bridge driver come to. */
export interface DriverOptions {
  /** Name of the link, instead of one made of the network's ID. */
  readonly bridgeName?: string;
  /** False: containers of the network do not reach one another. */
  readonly icc: boolean;
  /** False: containers go out with their own addresses. */
  readonly masquerade: boolean;
  /** The host's address on which `-p` publishes when it names none. */
  readonly hostBinding?: string;
  /** Largest packet, in bytes. */
  readonly mtu?: number;
}

const BRIDGE = 'com.docker.network.bridge';
const MTU = 'com.docker.network.driver.mtu';

/** Smallest that IPv4 (RFC 791) and IPv6 (RFC 8200) get along with; the largest of a virtual Ethernet device. */
const SMALLEST_MTU = 68;
const LARGEST_MTU = 65535;

/** Reads `-o KEY=VALUE`. Fails with ERR_TINYD_OPTION_INVALID or ERR_TINYD_OPTION_UNSUPPORTED. */
export function readDriverOptions(options: Readonly<Record<string, string>>): DriverOptions {
  let read: DriverOptions = { icc: true, masquerade: true };
  for (const [key, value] of Object.entries(options)) read = { ...read, ...readOption(key, value) };
  return read;
}

/** What docker's options of the macvlan driver come to. */
export interface MacvlanOptions {
  /** Name of the host's link that the containers' links are on. */
  readonly parent: string;
  /** Whether containers of one parent reach one another: directly (`bridge`), by the switch outside (`vepa`), or not. */
  readonly mode: 'bridge' | 'private' | 'vepa' | 'passthru';
}

/** Reads `-o KEY=VALUE` of a macvlan network. Fails with ERR_TINYD_OPTION_INVALID or ERR_TINYD_OPTION_UNSUPPORTED. */
export function readMacvlanOptions(
  options: Readonly<Record<string, string>>,
): MacvlanOptions & { readonly mtu?: number } {
  const { parent, macvlan_mode: mode = 'bridge', ...others } = options;
  if (parent === undefined)
    throw invalid('parent', '', 'want the name of a link of this host: -o parent=eth0');
  if (mode !== 'bridge' && mode !== 'private' && mode !== 'vepa' && mode !== 'passthru') {
    throw invalid('macvlan_mode', mode, 'want bridge, private, vepa or passthru');
  }
  const unknown = Object.keys(others).find(key => key !== MTU && key !== 'mtu');
  if (unknown !== undefined) throw unknownOption(unknown, `parent, macvlan_mode and ${MTU}`);
  const { mtu } = readDriverOptions(others);
  return { parent: linkName('parent', parent), mode, ...(mtu === undefined ? {} : { mtu }) };
}

function readOption(key: string, value: string): Partial<DriverOptions> {
  switch (key) {
    case `${BRIDGE}.name`:
      return { bridgeName: linkName(key, value) };
    case `${BRIDGE}.enable_icc`:
      return { icc: truth(key, value) };
    case `${BRIDGE}.enable_ip_masquerade`:
      return { masquerade: truth(key, value) };
    case `${BRIDGE}.host_binding_ipv4`:
      if (readIpv4(value) === undefined) throw invalid(key, value, 'want an IPv4 address of this host');
      return { hostBinding: value };
    case MTU:
    case 'mtu':
      return { mtu: mtu(key, value) };
    default:
      throw unknownOption(
        key,
        `${BRIDGE}.name, .enable_icc, .enable_ip_masquerade, .host_binding_ipv4, and ${MTU}`,
      );
  }
}

function unknownOption(key: string, known: string): TinydError {
  return new TinydError('ERR_TINYD_OPTION_UNSUPPORTED', `cannot do --opt ${key}: there is no such option`, {
    hint: `options are ${known}`,
    details: { option: key },
  });
}

/** Go's strconv.ParseBool, as docker reads it. */
function truth(key: string, value: string): boolean {
  if (/^(1|t|true)$/i.test(value)) return true;
  if (/^(0|f|false)$/i.test(value)) return false;
  throw invalid(key, value, 'want true or false');
}

function mtu(key: string, value: string): number {
  const bytes = /^\d{1,5}$/.test(value) ? Number(value) : 0;
  if (bytes >= SMALLEST_MTU && bytes <= LARGEST_MTU) return bytes;
  throw invalid(key, value, `want a number of bytes from ${SMALLEST_MTU} to ${LARGEST_MTU}`);
}

/** A name that the kernel takes (dev_valid_name, net/core/dev.c) and that needs no quoting in a sysctl's path. */
function linkName(key: string, value: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_-]{0,14}$/.test(value)) return value;
  throw invalid(key, value, 'want up to 15 letters, digits, hyphens and underscores');
}

function invalid(key: string, value: string, why: string): TinydError {
  return new TinydError('ERR_TINYD_OPTION_INVALID', `cannot use --opt ${key}=${value}: ${why}`, {
    details: { option: key, value },
  });
}
