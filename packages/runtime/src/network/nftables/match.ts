import { type Ipv4, ipv4Bytes } from '../ipv4';
import { u32 } from '../netlink/message';
import {
  ADDRESS,
  compare,
  type Expression,
  expression,
  type Family,
  FIRST_REGISTER,
  meta,
  PROTOCOL_FAMILY,
  payload,
  portBytes,
  value,
} from './expression';
import { numberAttribute, textAttribute } from './message';

/** What a packet must be for a rule to go on: nft's matches. */

/** `meta nfproto ipv4`, or ipv6; must stand before anything that looks into a header of the family. */
export function isFamily(family: Family): Expression[] {
  return [meta('nfproto', FIRST_REGISTER), compare('equal', Uint8Array.of(PROTOCOL_FAMILY[family]))];
}

/** `meta nfproto ipv4`; must stand before anything that looks into an IPv4 header. */
export function isIpv4(): Expression[] {
  return isFamily('ip');
}

/** `ip saddr 127.0.0.0/8`, or daddr: one byte decides. */
export function isLoopbackAddress(field: 'saddr' | 'daddr'): Expression[] {
  return [payload('network', ADDRESS.ip[field], 1, FIRST_REGISTER), compare('equal', Uint8Array.of(127))];
}

/** `ip6 daddr ::1`. */
export function goesToLoopback6(): Expression[] {
  const loopback = Buffer.alloc(ADDRESS.ip6.bytes);
  loopback[loopback.length - 1] = 1;
  return [
    payload('network', ADDRESS.ip6.daddr, ADDRESS.ip6.bytes, FIRST_REGISTER),
    compare('equal', loopback),
  ];
}

/** `ip saddr @set`, or daddr. */
export function addressIn(field: 'saddr' | 'daddr', set: string, family: Family = 'ip'): Expression[] {
  const place = ADDRESS[family];
  return [payload('network', place[field], place.bytes, FIRST_REGISTER), lookup(set)];
}

/** `ip daddr ADDRESS`. */
export function goesToAddress(address: Ipv4): Expression[] {
  return [
    payload('network', ADDRESS.ip.daddr, ADDRESS.ip.bytes, FIRST_REGISTER),
    compare('equal', ipv4Bytes(address)),
  ];
}

const PROTOCOL = { tcp: 6, udp: 17 } as const;

/** `udp dport PORT`, or tcp. */
export function goesToPort(protocol: keyof typeof PROTOCOL, port: number): Expression[] {
  return [
    meta('l4proto', FIRST_REGISTER),
    compare('equal', Uint8Array.of(PROTOCOL[protocol])),
    payload('transport', 2, 2, FIRST_REGISTER),
    compare('equal', portBytes(port)),
  ];
}

/** Length of an interface name in a register (IFNAMSIZ). */
export const INTERFACE_NAME_BYTES = 16;

/** An interface name as it stands in a register: filled up with NUL. */
export function interfaceName(name: string): Buffer {
  return Buffer.from(name.padEnd(INTERFACE_NAME_BYTES, '\0'));
}

/** `iifname "name"`. */
export function entersBy(name: string): Expression[] {
  return [meta('iifname', FIRST_REGISTER), compare('equal', interfaceName(name))];
}

/** `iifname @set` (or oifname), or its opposite. */
export function interfaceIn(side: 'iifname' | 'oifname', set: string, wanted = true): Expression[] {
  return [meta(side, FIRST_REGISTER), lookup(set, wanted)];
}

/** `iifname . oifname @set`. */
export function interfacesIn(set: string): Expression[] {
  return [meta('iifname', FIRST_REGISTER), meta('oifname', FIRST_REGISTER + 1), lookup(set)];
}

const LOOKUP_INVERT = 1;

function lookup(set: string, wanted = true): Expression {
  return expression(
    'lookup',
    textAttribute(1, set),
    numberAttribute(2, FIRST_REGISTER),
    ...(wanted ? [] : [numberAttribute(5, LOOKUP_INVERT)]),
  );
}

/** enum nft_ct_keys */
const CT = { state: 0, status: 2 } as const;
/** NF_CT_STATE_BIT of ESTABLISHED and RELATED; IPS_DST_NAT. */
const STATE_KNOWN = 0x6;
const STATUS_DST_NAT = 0x20;

function conntrackHas(key: keyof typeof CT, bits: number): Expression[] {
  const zero = u32(0);
  return [
    expression('ct', numberAttribute(1, FIRST_REGISTER), numberAttribute(2, CT[key])),
    expression(
      'bitwise',
      numberAttribute(1, FIRST_REGISTER),
      numberAttribute(2, FIRST_REGISTER),
      numberAttribute(3, 4),
      value(4, u32(bits)),
      value(5, zero),
    ),
    compare('different', zero),
  ];
}

/** `ct state established,related`. */
export function belongsToConnection(): Expression[] {
  return conntrackHas('state', STATE_KNOWN);
}

/** `ct status dnat`: the packet's connection came in by a published port. */
export function wasPublished(): Expression[] {
  return conntrackHas('status', STATUS_DST_NAT);
}

const FIB_RESULT_ADDRTYPE = 3;
const FIB_DADDR = 2;
const RTN_LOCAL = 2;

/** `fib daddr type local`: the destination is one of the host's own addresses, whatever interface it is on. */
export function goesToHost(): Expression[] {
  return [
    expression(
      'fib',
      numberAttribute(1, FIRST_REGISTER),
      numberAttribute(2, FIB_RESULT_ADDRTYPE),
      numberAttribute(3, FIB_DADDR),
    ),
    compare('equal', u32(RTN_LOCAL)),
  ];
}
