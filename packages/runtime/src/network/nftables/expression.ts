import { attribute, nested } from '../netlink/message';
import { NFPROTO_IPV4, NFPROTO_IPV6, numberAttribute, textAttribute } from './message';

/**
 * The expressions that tinyd's rules are made of, each as one attribute (NFTA_LIST_ELEM) of a rule's list.
 * An expression loads something into a register, compares a register (and ends the rule when it differs), or acts.
 */
export type Expression = Buffer;

/** Registers (enum nft_registers): number 0 takes the verdict, then four of 16 bytes, the same memory also as sixteen of 4 bytes. */
export const FIRST_REGISTER = 1;
const WORD_REGISTER = 8;

/** The n-th word of register memory: word 0 is where the first big register starts. */
export function word(n: number): number {
  return n === 0 ? FIRST_REGISTER : WORD_REGISTER + n;
}

const LIST_ELEMENT = 1;
const EXPRESSION_NAME = 1;
const EXPRESSION_DATA = 2;
const DATA_VALUE = 1;

/** One expression by its name in the kernel; the attributes of `data` are its own. */
export function expression(name: string, ...data: readonly Uint8Array[]): Expression {
  return nested(LIST_ELEMENT, textAttribute(EXPRESSION_NAME, name), nested(EXPRESSION_DATA, ...data));
}

/** Bytes as an attribute of an expression. */
export function value(type: number, bytes: Uint8Array): Buffer {
  return nested(type, attribute(DATA_VALUE, bytes));
}

/** enum nft_meta_keys */
const META = { iifname: 6, oifname: 7, nfproto: 15, l4proto: 16 } as const;

/** Loads what the kernel knows of a packet. */
export function meta(key: keyof typeof META, register: number): Expression {
  return expression('meta', numberAttribute(1, register), numberAttribute(2, META[key]));
}

const CMP = { equal: 0, different: 1 } as const;

/** Ends the rule unless the first register compares so. */
export function compare(op: keyof typeof CMP, bytes: Uint8Array): Expression {
  return expression('cmp', numberAttribute(1, FIRST_REGISTER), numberAttribute(2, CMP[op]), value(3, bytes));
}

const BASE = { network: 1, transport: 2 } as const;

/** Loads bytes of a header. */
export function payload(
  base: keyof typeof BASE,
  offset: number,
  length: number,
  register: number,
): Expression {
  return expression(
    'payload',
    numberAttribute(1, register),
    numberAttribute(2, BASE[base]),
    numberAttribute(3, offset),
    numberAttribute(4, length),
  );
}

/** Where addresses stand in the header, and how long they are. */
export const ADDRESS = {
  ip: { saddr: 12, daddr: 16, bytes: 4 },
  ip6: { saddr: 8, daddr: 24, bytes: 16 },
} as const;

/** Families of addresses. */
export type Family = keyof typeof ADDRESS;

export const PROTOCOL_FAMILY = { ip: NFPROTO_IPV4, ip6: NFPROTO_IPV6 } as const;

/** A port as it stands in a header. */
export function portBytes(port: number): Uint8Array {
  return Uint8Array.of(port >> 8, port & 255);
}
