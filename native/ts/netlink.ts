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

/** A bridge as it is at this moment. */
export interface BridgeView {
  readonly index: number;
  readonly isUp: boolean;
  /** Indexes of the links that are its ports. */
  readonly ports: readonly number[];
}

/**
 * Looks at a bridge of this network namespace; undefined where no link has that name. In 0.01 ms, with a thousand ports too, and
 * without any privilege. Fails with ENOTSUP when the link is no bridge.
 */
export function lookAtBridge(name: string): BridgeView | undefined {
  return sys().lookAtBridge(name);
}

/**
 * The number of the packet rules of this network namespace (NFT_MSG_GETGEN): the kernel raises it with every change, whoever
 * makes it. As long as it is the same, so are the rules. Fails with EPERM without CAP_NET_ADMIN.
 */
export function rulesGeneration(): number {
  return sys().rulesGeneration();
}

/** What {@link lookAtPlugs} found. */
export interface PlugsSeen {
  /** How many plugs were known. */
  readonly known: number;
  /** Whether each of them is a port of its bridge, which is up and has its index. */
  readonly hold: boolean;
  /** Of which nothing is known, or whose file has another identity by now (see {@link identifyEach}). */
  readonly unknown: readonly { readonly name: string; readonly identity: string }[];
}

/**
 * Looks whether containers are plugged into their bridges, by what was known of `folder/<name>/<file>` when that was read last: lines of
 * `NAME IDENTITY:`, followed by ` BRIDGE BRIDGE'S-INDEX INDEX` for each plug. No file is read; a name without one has no plugs. In one
 * call, since every command asks it of all containers that run: a loop of JavaScript's over as many lines takes longer than to
 * read the files. Fails with an errno name.
 */
export function lookAtPlugs(
  folder: string,
  names: readonly string[],
  file: string,
  known: Uint8Array,
): PlugsSeen {
  return sys().lookAtPlugs(folder, [...names], file, known);
}
