import { type Ipv4, ipv4Bytes } from '../ipv4';
import { attribute, nested, u32 } from '../netlink/message';
import { NFPROTO_IPV4, NFPROTO_IPV6, numberAttribute, textAttribute } from './message';

/**
 * The expressions that tinyd's rules are made of, each as one attribute (NFTA_LIST_ELEM) of a rule's list.
 * An expression loads something into a register, compares a register (and ends the rule when it differs), or acts.
 */
export type Expression = Buffer;

/** Registers (enum nft_registers): four of 16 bytes, the same memory also as sixteen of 4 bytes. */
const VERDICT_REGISTER = 0;
const FIRST_REGISTER = 1;
const WORD_REGISTER = 8;

/** The n-th word of register memory: word 0 is where the first big register starts. */
function word(n: number): number {
  return n === 0 ? FIRST_REGISTER : WORD_REGISTER + n;
}

const LIST_ELEMENT = 1;
const EXPRESSION_NAME = 1;
const EXPRESSION_DATA = 2;
const DATA_VALUE = 1;
const DATA_VERDICT = 2;

function expression(name: string, ...data: readonly Uint8Array[]): Expression {
  return nested(LIST_ELEMENT, textAttribute(EXPRESSION_NAME, name), nested(EXPRESSION_DATA, ...data));
}

function value(type: number, bytes: Uint8Array): Buffer {
  return nested(type, attribute(DATA_VALUE, bytes));
}

/** enum nft_meta_keys */
const META = { iifname: 6, oifname: 7, nfproto: 15, l4proto: 16 } as const;

function meta(key: keyof typeof META, register: number): Expression {
  return expression('meta', numberAttribute(1, register), numberAttribute(2, META[key]));
}

const CMP = { equal: 0, different: 1 } as const;

function compare(op: keyof typeof CMP, bytes: Uint8Array): Expression {
  return expression('cmp', numberAttribute(1, FIRST_REGISTER), numberAttribute(2, CMP[op]), value(3, bytes));
}

const BASE = { network: 1, transport: 2 } as const;

function payload(base: keyof typeof BASE, offset: number, length: number, register: number): Expression {
  return expression(
    'payload',
    numberAttribute(1, register),
    numberAttribute(2, BASE[base]),
    numberAttribute(3, offset),
    numberAttribute(4, length),
  );
}

/** Where addresses stand in the header, and how long they are. */
const ADDRESS = {
  ip: { saddr: 12, daddr: 16, bytes: 4 },
  ip6: { saddr: 8, daddr: 24, bytes: 16 },
} as const;

/** Families of addresses. */
export type Family = keyof typeof ADDRESS;

const PROTOCOL_FAMILY = { ip: NFPROTO_IPV4, ip6: NFPROTO_IPV6 } as const;

/** `meta nfproto ipv4`, or ipv6; must stand before anything that looks into a header of the family. */
export function isFamily(family: Family): Expression[] {
  return [meta('nfproto', FIRST_REGISTER), compare('equal', Uint8Array.of(PROTOCOL_FAMILY[family]))];
}

/** `meta nfproto ipv4`; must stand before anything that looks into an IPv4 header. */
export function isIpv4(): Expression[] {
  return [meta('nfproto', FIRST_REGISTER), compare('equal', Uint8Array.of(NFPROTO_IPV4))];
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

function portBytes(port: number): Uint8Array {
  return Uint8Array.of(port >> 8, port & 255);
}

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

const NAT_DESTINATION = 1;

/**
 * `dnat ip to meta l4proto . th dport map @map`, with `ip daddr .` in front when the map's keys name an address.
 * Ends the rule without effect when the map has no such key.
 */
export function translateBy(map: string, keyHasAddress: boolean, family: Family = 'ip'): Expression[] {
  const { daddr, bytes } = ADDRESS[family];
  const behindAddress = bytes / 4;
  const first = keyHasAddress ? behindAddress : 0;
  return [
    ...(keyHasAddress ? [payload('network', daddr, bytes, word(0))] : []),
    meta('l4proto', word(first)),
    payload('transport', 2, 2, word(first + 1)),
    expression(
      'lookup',
      textAttribute(1, map),
      numberAttribute(2, FIRST_REGISTER),
      numberAttribute(3, FIRST_REGISTER),
    ),
    expression(
      'nat',
      numberAttribute(1, NAT_DESTINATION),
      numberAttribute(2, PROTOCOL_FAMILY[family]),
      numberAttribute(3, word(0)),
      numberAttribute(5, word(behindAddress)),
    ),
  ];
}

/** `dnat ip to ADDRESS:PORT`. */
export function translateTo(address: Ipv4, port: number): Expression[] {
  const load = (bytes: Uint8Array, register: number) =>
    expression('immediate', numberAttribute(1, register), value(2, bytes));
  return [
    load(ipv4Bytes(address), word(0)),
    load(portBytes(port), word(1)),
    expression(
      'nat',
      numberAttribute(1, NAT_DESTINATION),
      numberAttribute(2, NFPROTO_IPV4),
      numberAttribute(3, word(0)),
      numberAttribute(5, word(1)),
    ),
  ];
}

/** `masquerade`: the sender becomes the address of the interface the packet leaves by. */
export function masquerade(): Expression[] {
  return [expression('masq')];
}

const VERDICT_CODE = { drop: 0, accept: 1, jump: -3 } as const;

function verdict(code: keyof typeof VERDICT_CODE, chain?: string): Expression[] {
  const attributes = [numberAttribute(1, VERDICT_CODE[code])];
  if (chain !== undefined) attributes.push(textAttribute(2, chain));
  const data = nested(2, nested(DATA_VERDICT, ...attributes));
  return [expression('immediate', numberAttribute(1, VERDICT_REGISTER), data)];
}

/** `accept`: no further rule of this chain. */
export function accept(): Expression[] {
  return verdict('accept');
}

/** `drop`. */
export function drop(): Expression[] {
  return verdict('drop');
}

/** `jump chain`. */
export function jump(chain: string): Expression[] {
  return verdict('jump', chain);
}
