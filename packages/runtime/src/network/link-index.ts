import type { Ipv4 } from './ipv4';

/**
 * The index of the link that belongs to an address: a bridge's has its gateway's, a veth's host end its container's.
 *
 * It tells in `ip link` which container a veth belongs to, lets one batch create and use a link, and makes the
 * kernel itself refuse to give an address out twice. The private ranges stay distinct without their highest bit.
 */
export function linkIndex(address: Ipv4): number {
  return address & 0x7fffffff;
}

/** The same of an address in dotted decimal that tinyd wrote itself. By short ways: every command begins with it. */
export function linkIndexOf(address: string): number {
  return linkIndex(address.split('.').reduce((number, byte) => number * 256 + Number(byte), 0));
}
