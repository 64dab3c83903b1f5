import { TinydError } from '@tinyd/core';

/** An IPv4 address as an unsigned 32-bit number in host order: 10.201.0.1 is 0x0ac90001. */
export type Ipv4 = number;

/** A range of addresses that differ in their last `32 - prefixLength` bits. */
export interface Subnet {
  /** The network address. */
  readonly base: Ipv4;
  readonly prefixLength: number;
}

const QUAD = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/;

/** Reads dotted decimal; undefined for anything else, leading zeros and short forms included. */
export function readIpv4(text: string): Ipv4 | undefined {
  const quad = QUAD.exec(text)?.slice(1).map(Number);
  if (quad === undefined || quad.some(byte => byte > 255)) return undefined;
  return quad.reduce((address, byte) => address * 256 + byte, 0);
}

/** As {@link readIpv4}, for addresses that tinyd wrote itself. Fails with ERR_TINYD_NETWORK_FAILED. */
export function parseIpv4(text: string): Ipv4 {
  const address = readIpv4(text);
  if (address !== undefined) return address;
  throw new TinydError('ERR_TINYD_NETWORK_FAILED', `cannot use ${JSON.stringify(text)} as an IPv4 address`);
}

/** Writes dotted decimal. */
export function formatIpv4(address: Ipv4): string {
  return [24, 16, 8, 0].map(shift => (address >>> shift) & 255).join('.');
}

/** Reads `10.201.0.0/20`, the address as it is; undefined for anything else. */
export function readSubnet(text: string): Subnet | undefined {
  const [, address = '', length = ''] = /^([^/]*)\/(\d{1,2})$/.exec(text) ?? [];
  const base = readIpv4(address);
  return base === undefined || Number(length) > 32 ? undefined : { base, prefixLength: Number(length) };
}

/** Reads `10.201.0.0/20`. Fails with ERR_TINYD_NETWORK_FAILED. */
export function parseSubnet(text: string): Subnet {
  const subnet = readSubnet(text);
  if (subnet === undefined || subnet.base % subnetSize(subnet) !== 0) {
    throw new TinydError('ERR_TINYD_NETWORK_FAILED', `cannot use ${JSON.stringify(text)} as a subnet`);
  }
  return subnet;
}

/** Writes `10.201.0.0/20`. */
export function formatSubnet(subnet: Subnet): string {
  return `${formatIpv4(subnet.base)}/${subnet.prefixLength}`;
}

/** How many addresses a subnet has, its first and last included. */
export function subnetSize(subnet: Subnet): number {
  return 2 ** (32 - subnet.prefixLength);
}

/** True when some address is in both. */
export function overlaps(a: Subnet, b: Subnet): boolean {
  return a.base < b.base + subnetSize(b) && b.base < a.base + subnetSize(a);
}

/**
 * The hardware address that belongs to an IPv4 address: 02:42 and its four bytes.
 *
 * An address that is used again by another container keeps its hardware address, so that no neighbour's ARP
 * cache is ever wrong.
 */
export function hardwareAddress(address: Ipv4): Buffer {
  const bytes = Buffer.from([0x02, 0x42, 0, 0, 0, 0]);
  bytes.writeUInt32BE(address, 2);
  return bytes;
}

/** Writes `02:42:0a:c9:00:02`. */
export function formatHardwareAddress(bytes: Uint8Array): string {
  return [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join(':');
}

/** The four bytes as they stand in a packet. */
export function ipv4Bytes(address: Ipv4): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(address);
  return bytes;
}
