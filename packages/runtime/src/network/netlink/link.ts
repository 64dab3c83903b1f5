import {
  attribute,
  HEADER_BYTES,
  message,
  messageAttributes,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  NLM_F_REQUEST,
  nested,
  readU32,
  u32,
  zeroTerminated,
} from './message';

/** linux/rtnetlink.h, linux/if.h */
const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const RTM_GETLINK = 18;
const IFF_UP = 1;
/** struct ifinfomsg: family, padding, type, index, flags, changed flags. */
const FIXED_BYTES = 16;
const INDEX_OFFSET = HEADER_BYTES + 4;
const FLAGS_OFFSET = HEADER_BYTES + 8;
const AF_INET6 = 10;

/** linux/if_link.h */
const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFLA_MASTER = 10;
const IFLA_LINKINFO = 18;
const IFLA_IFALIAS = 20;
const IFLA_AF_SPEC = 26;
const IFLA_NET_NS_FD = 28;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const IFLA_INFO_SLAVE_KIND = 4;
const IFLA_INFO_SLAVE_DATA = 5;
const IFLA_INET6_ADDR_GEN_MODE = 8;
const IN6_ADDR_GEN_MODE_NONE = 1;
const IFLA_BRPORT_MODE = 4;
const IFLA_BRPORT_ISOLATED = 33;
const ON = 1;
const VETH_INFO_PEER = 1;
const IFLA_LINK = 5;
const IFLA_MACVLAN_MODE = 1;

/** The loopback device of every network namespace. */
export const LOOPBACK_INDEX = 1;

const SET = NLM_F_REQUEST | NLM_F_ACK;
const CREATE = SET | NLM_F_CREATE | NLM_F_EXCL;

/** struct ifinfomsg; index 0 leaves the link to be found by name, or its index to be chosen. */
function linkHeader(index: number, flags = 0, changed = 0): Buffer {
  return Buffer.concat([Buffer.alloc(4), u32(index), u32(flags), u32(changed)]);
}

/** How a bridge is made. */
export interface BridgeLink {
  readonly index: number;
  readonly name: string;
  readonly hardwareAddress: Uint8Array;
  readonly mtu?: number;
}

function mtuAttribute(mtu: number | undefined): Buffer[] {
  return mtu === undefined ? [] : [attribute(IFLA_MTU, u32(mtu))];
}

/** Creates a bridge, down. Fails with EEXIST. */
export function createBridge(bridge: BridgeLink): Buffer {
  return message(
    RTM_NEWLINK,
    CREATE,
    linkHeader(bridge.index),
    attribute(IFLA_IFNAME, zeroTerminated(bridge.name)),
    attribute(IFLA_ADDRESS, bridge.hardwareAddress),
    ...mtuAttribute(bridge.mtu),
    nested(IFLA_LINKINFO, attribute(IFLA_INFO_KIND, zeroTerminated('bridge'))),
  );
}

/** How a pair of virtual Ethernet devices is made. */
export interface VethLink {
  readonly index: number;
  readonly name: string;
  /** Index of the bridge that takes the host's end. */
  readonly master: number;
  /** Of both ends. */
  readonly mtu?: number;
  readonly peer: {
    readonly index: number;
    readonly name: string;
    readonly hardwareAddress: Uint8Array;
    /** Descriptor, in the sending process, of the namespace that takes the other end. */
    readonly namespaceFd: number;
  };
}

/** Creates both ends of a veth in their places, down. Fails with EEXIST when index or name is taken. */
export function createVeth(veth: VethLink): Buffer {
  const peer = nested(
    VETH_INFO_PEER,
    linkHeader(veth.peer.index),
    attribute(IFLA_IFNAME, zeroTerminated(veth.peer.name)),
    attribute(IFLA_ADDRESS, veth.peer.hardwareAddress),
    ...mtuAttribute(veth.mtu),
    attribute(IFLA_NET_NS_FD, u32(veth.peer.namespaceFd)),
  );
  return message(
    RTM_NEWLINK,
    CREATE,
    linkHeader(veth.index),
    attribute(IFLA_IFNAME, zeroTerminated(veth.name)),
    attribute(IFLA_MASTER, u32(veth.master)),
    ...mtuAttribute(veth.mtu),
    nested(IFLA_LINKINFO, attribute(IFLA_INFO_KIND, zeroTerminated('veth')), nested(IFLA_INFO_DATA, peer)),
  );
}

/** enum macvlan_mode (linux/if_link.h): whether links of one parent reach one another, and how. */
export const MACVLAN_MODES = { private: 1, vepa: 2, bridge: 4, passthru: 8 } as const;

/** How a macvlan link is made. */
export interface MacvlanLink {
  /** Undefined: the kernel chooses. */
  readonly index?: number;
  readonly name: string;
  readonly parent: number;
  readonly mode: number;
  readonly hardwareAddress?: Uint8Array;
  readonly mtu?: number;
  /** Descriptor, in the sending process, of the namespace that takes it. */
  readonly namespaceFd?: number;
}

/** Creates a macvlan link, down. Fails with EOPNOTSUPP where the kernel has none. */
export function createMacvlan(link: MacvlanLink): Buffer {
  const { index = 0, hardwareAddress, namespaceFd } = link;
  return message(
    RTM_NEWLINK,
    CREATE,
    linkHeader(index),
    attribute(IFLA_IFNAME, zeroTerminated(link.name)),
    attribute(IFLA_LINK, u32(link.parent)),
    ...(hardwareAddress === undefined ? [] : [attribute(IFLA_ADDRESS, hardwareAddress)]),
    ...mtuAttribute(link.mtu),
    ...(namespaceFd === undefined ? [] : [attribute(IFLA_NET_NS_FD, u32(namespaceFd))]),
    nested(
      IFLA_LINKINFO,
      attribute(IFLA_INFO_KIND, zeroTerminated('macvlan')),
      nested(IFLA_INFO_DATA, attribute(IFLA_MACVLAN_MODE, u32(link.mode))),
    ),
  );
}

/**
 * Brings a bridge port up, in hairpin mode.
 *
 * Without that mode a host that passes bridged frames through its firewall (br_netfilter, as other container
 * engines want it) drops what a container sends to a port of its own by the host's address.
 *
 * @param modes `quietIpv6`: give the port no link-local address: it is no interface of the host; false where the kernel
 * has no IPv6. `isolated`: no frames to and from other isolated ports.
 */
export function raiseBridgePort(
  index: number,
  modes: { readonly quietIpv6: boolean; readonly isolated: boolean },
): Buffer {
  const mode = attribute(IFLA_INET6_ADDR_GEN_MODE, Buffer.from([IN6_ADDR_GEN_MODE_NONE]));
  return message(
    RTM_NEWLINK,
    SET,
    linkHeader(index, IFF_UP, IFF_UP),
    ...(modes.quietIpv6 ? [nested(IFLA_AF_SPEC, nested(AF_INET6, mode))] : []),
    nested(
      IFLA_LINKINFO,
      attribute(IFLA_INFO_SLAVE_KIND, zeroTerminated('bridge')),
      nested(
        IFLA_INFO_SLAVE_DATA,
        attribute(IFLA_BRPORT_MODE, Buffer.from([ON])),
        ...(modes.isolated ? [attribute(IFLA_BRPORT_ISOLATED, Buffer.from([ON]))] : []),
      ),
    ),
  );
}

/** Makes a link a port of a bridge. Fails with ENODEV. */
export function setMaster(index: number, bridge: number): Buffer {
  return message(RTM_NEWLINK, SET, linkHeader(index), attribute(IFLA_MASTER, u32(bridge)));
}

/** Brings a link up; `ip link` shows its alias. */
export function raiseLink(index: number, alias?: string): Buffer {
  const attributes = alias === undefined ? [] : [attribute(IFLA_IFALIAS, Buffer.from(alias))];
  return message(RTM_NEWLINK, SET, linkHeader(index, IFF_UP, IFF_UP), ...attributes);
}

/** Deletes a link by its name. Fails with ENODEV. */
export function deleteLink(name: string): Buffer {
  return message(RTM_DELLINK, SET, linkHeader(0), attribute(IFLA_IFNAME, zeroTerminated(name)));
}

/** Asks for a link by its name. Fails with ENODEV. */
export function getLink(name: string): Buffer {
  return message(RTM_GETLINK, SET, linkHeader(0), attribute(IFLA_IFNAME, zeroTerminated(name)));
}

/** Asks for all links of the namespace. */
export function dumpLinks(): Buffer {
  return message(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, linkHeader(0));
}

/** A link as {@link getLink} and {@link dumpLinks} tell of it. */
export interface Link {
  readonly index: number;
  readonly isUp: boolean;
  readonly name: string;
  /** Index of the bridge that it is a port of. */
  readonly master?: number;
}

/** Reads an answer about a link; undefined when it is too short to be one. */
export function readLink(answer: Buffer): Link | undefined {
  if (answer.length < HEADER_BYTES + FIXED_BYTES) return undefined;
  const attributes = messageAttributes(answer, FIXED_BYTES);
  const master = attributes.get(IFLA_MASTER);
  return {
    index: readU32(answer, INDEX_OFFSET),
    isUp: (readU32(answer, FLAGS_OFFSET) & IFF_UP) !== 0,
    name: attributes.get(IFLA_IFNAME)?.subarray(0, -1).toString() ?? '',
    ...(master === undefined ? {} : { master: readU32(master) }),
  };
}
