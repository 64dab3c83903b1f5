import { type Ipv4, ipv4Bytes } from '../ipv4';
import { nested } from '../netlink/message';
import {
  ADDRESS,
  type Expression,
  expression,
  type Family,
  FIRST_REGISTER,
  meta,
  PROTOCOL_FAMILY,
  payload,
  portBytes,
  value,
  word,
} from './expression';
import { NFPROTO_IPV4, numberAttribute, textAttribute } from './message';

/** What a rule does with a packet: nft's statements. */

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

const VERDICT_REGISTER = 0;
const DATA_VERDICT = 2;
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
