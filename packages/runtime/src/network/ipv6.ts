import { isIPv6 } from 'node:net';
import { TinydError } from '@tinyd/core';
import { randomBytes } from '@tinyd/native';

/** An IPv6 address as an unsigned 128-bit number: fd00::1 is 0xfd000000000000000000000000000001n. */
export type Ipv6 = bigint;

/** A range of addresses that differ in their last `128 - prefixLength` bits. */
export interface Subnet6 {
  /** The network address. */
  readonly base: Ipv6;
  readonly prefixLength: number;
}

const WORDS = 8;
const WORD_BITS = 16n;

/** Reads the text form of RFC 4291, section 2.2, without a zone; undefined for anything else. */
export function readIpv6(text: string): Ipv6 | undefined {
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const plain =
    dotted === null ? text : `${dotted[1]}${word(dotted[2], dotted[3])}:${word(dotted[4], dotted[5])}`;
  const [head = '', tail] = plain.split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: WORDS - first.length - last.length }, () => '0');
  return [...first, ...zeros, ...last].reduce(
    (address, digits) => (address << WORD_BITS) | BigInt(Number.parseInt(digits, 16)),
    0n,
  );
}

function word(high = '', low = ''): string {
  return (Number(high) * 256 + Number(low)).toString(16);
}

/** As {@link readIpv6}, for addresses that tinyd wrote itself. Fails with ERR_TINYD_NETWORK_FAILED. */
export function parseIpv6(text: string): Ipv6 {
  const address = readIpv6(text);
  if (address !== undefined) return address;
  throw new TinydError('ERR_TINYD_NETWORK_FAILED', `cannot use ${JSON.stringify(text)} as an IPv6 address`);
}

/** The sixteen bytes as they stand in a packet. */
export function ipv6Bytes(address: Ipv6): Buffer {
  return Buffer.from(address.toString(16).padStart(32, '0'), 'hex');
}

/** Writes the canonical form of RFC 5952: lower case, the first longest run of zeros as `::`. */
export function formatIpv6(address: Ipv6): string {
  const bytes = ipv6Bytes(address);
  const words = Array.from({ length: WORDS }, (_, index) => bytes.readUInt16BE(2 * index));
  let start = 0;
  let length = 0;
  for (let from = 0; from < WORDS; from++) {
    let end = from;
    while (end < WORDS && words[end] === 0) end++;
    if (end - from > length) [start, length] = [from, end - from];
  }
  const digits = words.map(each => each.toString(16));
  if (length < 2) return digits.join(':');
  return `${digits.slice(0, start).join(':')}::${digits.slice(start + length).join(':')}`;
}

/** Reads `fd00:77::/64`, the address as it is; undefined for anything else. */
export function readSubnet6(text: string): Subnet6 | undefined {
  const [, address = '', length = ''] = /^([^/]*)\/(\d{1,3})$/.exec(text) ?? [];
  const base = readIpv6(address);
  return base === undefined || Number(length) > 128 ? undefined : { base, prefixLength: Number(length) };
}

/** Reads `fd00:77::/64`. Fails with ERR_TINYD_NETWORK_FAILED. */
export function parseSubnet6(text: string): Subnet6 {
  const subnet = readSubnet6(text);
  if (subnet === undefined || subnet.base !== networkAddress(subnet)) {
    throw new TinydError('ERR_TINYD_NETWORK_FAILED', `cannot use ${JSON.stringify(text)} as an IPv6 subnet`);
  }
  return subnet;
}

/** Writes `fd00:77::/64`. */
export function formatSubnet6({ base, prefixLength }: Subnet6): string {
  return `${formatIpv6(base)}/${prefixLength}`;
}

/** How many addresses a subnet has. */
export function subnetSize6({ prefixLength }: Subnet6): bigint {
  return 1n << BigInt(128 - prefixLength);
}

/** The first address of the subnet that an address is written with. */
export function networkAddress(subnet: Subnet6): Ipv6 {
  return subnet.base - (subnet.base % subnetSize6(subnet));
}

/** True when an address is in a subnet. */
export function contains6(subnet: Subnet6, address: Ipv6): boolean {
  return address >= subnet.base && address < subnet.base + subnetSize6(subnet);
}

/** True when some address is in both. */
export function overlaps6(a: Subnet6, b: Subnet6): boolean {
  return contains6(a, b.base) || contains6(b, a.base);
}

/** A subnet that nobody else is likely to have: fd and 56 random bits (RFC 4193, section 3.2). */
export function randomSubnet6(): Subnet6 {
  const bytes = Buffer.concat([Buffer.from([0xfd]), randomBytes(7), Buffer.alloc(8)]);
  return { base: BigInt(`0x${bytes.toString('hex')}`), prefixLength: 64 };
}
