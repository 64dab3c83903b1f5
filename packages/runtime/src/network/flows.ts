import { NETLINK_NETFILTER, netlinkRequest } from '@tinyd/native';
import { systemCode } from '../atomic-file';
import { ipv4Bytes, parseIpv4 } from './ipv4';
import { ipv6Bytes, parseIpv6 } from './ipv6';
import {
  attribute,
  message,
  messageAttributes,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  nested,
  readAttributes,
  u32,
} from './netlink/message';
import type { NetworkSettings } from './settings';

/** linux/netfilter/nfnetlink_conntrack.h */
const NFNL_SUBSYS_CTNETLINK = 1;
const IPCTNL_MSG_CT_GET = 1;
const IPCTNL_MSG_CT_DELETE = 2;
const CTA_TUPLE_ORIG = 1;
const CTA_TUPLE_REPLY = 2;
const CTA_FILTER = 25;
const CTA_FILTER_ORIG_FLAGS = 1;
const CTA_FILTER_F_PROTO_NUM = 1 << 3;
const CTA_TUPLE_IP = 1;
const CTA_TUPLE_PROTO = 2;
const CTA_PROTO_NUM = 1;
const CTA_PROTO_DST_PORT = 3;
const IPPROTO_UDP = 17;
/** struct nfgenmsg of families AF_INET and AF_INET6, and where a tuple of theirs has its sender. */
const FAMILIES = {
  ip: { header: Buffer.from([2, 0, 0, 0]), source: 1 },
  ip6: { header: Buffer.from([10, 0, 0, 0]), source: 3 },
} as const;
type Family = (typeof FAMILIES)[keyof typeof FAMILIES];
const HEADER_BYTES = 4;

/**
 * Makes the kernel forget what it remembers of UDP traffic to the ports a container has just published.
 *
 * A peer that sent to the port before keeps using its old entry as long as it goes on sending, and would never
 * reach the new container. Call it once the ports are published. A kernel without the interface to its connection
 * table (nf_conntrack_netlink) remembers until the entries expire, 30 to 120 seconds after the peer falls silent.
 */
export function forgetFlows(settings: NetworkSettings): void {
  const ports = new Set(settings.ports.filter(port => port.protocol === 'udp').map(port => port.hostPort));
  if (ports.size === 0) return;
  forgetFlowsOf(FAMILIES.ip, ports, ipv4Bytes(parseIpv4(settings.address)));
  if (settings.address6 !== undefined)
    forgetFlowsOf(FAMILIES.ip6, ports, ipv6Bytes(parseIpv6(settings.address6)));
}

function forgetFlowsOf(family: Family, ports: ReadonlySet<number>, address: Buffer): void {
  for (const flow of udpFlows(family)) {
    const attributes = messageAttributes(flow, HEADER_BYTES);
    const original = attributes.get(CTA_TUPLE_ORIG);
    const port = field(original, CTA_TUPLE_PROTO, CTA_PROTO_DST_PORT)?.readUInt16BE();
    const protocol = field(original, CTA_TUPLE_PROTO, CTA_PROTO_NUM)?.readUInt8();
    if (original === undefined || protocol !== IPPROTO_UDP || port === undefined || !ports.has(port))
      continue;
    const answeredBy = field(attributes.get(CTA_TUPLE_REPLY), CTA_TUPLE_IP, family.source);
    if (answeredBy?.equals(address) !== true) forgetFlow(family, original);
  }
}

/** Reads an attribute two levels below `tuple`. */
function field(tuple: Buffer | undefined, group: number, type: number): Buffer | undefined {
  const members = tuple === undefined ? undefined : readAttributes(tuple).get(group);
  return members === undefined ? undefined : readAttributes(members).get(type);
}

function conntrackMessage(
  type: number,
  flags: number,
  { header }: Family,
  ...attributes: readonly Uint8Array[]
): Buffer {
  return message((NFNL_SUBSYS_CTNETLINK << 8) | type, NLM_F_REQUEST | flags, header, ...attributes);
}

function udpFlows(family: Family): Buffer[] {
  try {
    return netlinkRequest(NETLINK_NETFILTER, dumpUdpFlows(family));
  } catch (error) {
    if (['EINVAL', 'EOPNOTSUPP'].includes(systemCode(error) ?? '')) return [];
    throw error;
  }
}

/** Asks for all UDP flows; a kernel before 5.8 does not know the filter and tells all flows. */
function dumpUdpFlows(family: Family): Buffer {
  const protocol = nested(CTA_TUPLE_PROTO, attribute(CTA_PROTO_NUM, Buffer.from([IPPROTO_UDP])));
  return conntrackMessage(
    IPCTNL_MSG_CT_GET,
    NLM_F_DUMP,
    family,
    nested(CTA_TUPLE_ORIG, protocol),
    nested(CTA_FILTER, attribute(CTA_FILTER_ORIG_FLAGS, u32(CTA_FILTER_F_PROTO_NUM))),
  );
}

function forgetFlow(family: Family, original: Buffer): void {
  try {
    netlinkRequest(
      NETLINK_NETFILTER,
      conntrackMessage(IPCTNL_MSG_CT_DELETE, NLM_F_ACK, family, nested(CTA_TUPLE_ORIG, original)),
    );
  } catch (error) {
    // It has expired meanwhile.
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}
