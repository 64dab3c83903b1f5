import { sys } from './sys';

/** Netlink families that tinyd speaks (linux/netlink.h). */
export const NETLINK_ROUTE = 0;
export const NETLINK_NETFILTER = 12;

/**
 * Sends one buffer of netlink messages as a single datagram and collects the answers.
 *
 * Each message that asks for an acknowledgement is waited for; the first error among them is thrown as an Error
 * with `code`, `errno` and `messageIndex`. Dumps are read to their end.
 *
 * @returns the payload-carrying messages (headers included), acknowledgements left out.
 */
export function netlinkRequest(protocol: number, messages: Uint8Array): Buffer[] {
  return sys().netlinkRequest(protocol, messages);
}
