import { type Ipv4, ipv4Bytes, type Subnet } from '../ipv4';
import { type Ipv6, ipv6Bytes } from '../ipv6';
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
  readU32,
} from './message';

/** linux/rtnetlink.h */
const RTM_NEWROUTE = 24;
const RTM_GETROUTE = 26;
const AF_INET = 2;
const AF_INET6 = 10;
const RT_TABLE_MAIN = 254;
const RTPROT_BOOT = 3;
const RT_SCOPE_UNIVERSE = 0;
const RTN_UNICAST = 1;
const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
/** struct rtmsg: family, destination and source length, TOS, table, protocol, scope, type, flags. */
const FIXED_BYTES = 12;

/** struct rtmsg, its four bytes of flags empty. */
function routeHeader(table: number, protocol: number, scope: number, type: number, family = AF_INET): Buffer {
  return Buffer.from([family, 0, 0, 0, table, protocol, scope, type, 0, 0, 0, 0]);
}

/** Sends all that has no better route to `gateway`. Fails with EEXIST. */
export function addDefaultRoute(gateway: Ipv4): Buffer {
  return message(
    RTM_NEWROUTE,
    NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
    routeHeader(RT_TABLE_MAIN, RTPROT_BOOT, RT_SCOPE_UNIVERSE, RTN_UNICAST),
    attribute(RTA_GATEWAY, ipv4Bytes(gateway)),
  );
}

/** The same for IPv6. */
export function addDefaultRoute6(gateway: Ipv6): Buffer {
  return message(
    RTM_NEWROUTE,
    NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
    routeHeader(RT_TABLE_MAIN, RTPROT_BOOT, RT_SCOPE_UNIVERSE, RTN_UNICAST, AF_INET6),
    attribute(RTA_GATEWAY, ipv6Bytes(gateway)),
  );
}

/** Asks for all IPv4 routes of the namespace, in every table. */
export function dumpRoutes(): Buffer {
  return message(RTM_GETROUTE, NLM_F_REQUEST | NLM_F_DUMP, routeHeader(0, 0, 0, 0));
}

/** Index of the link that an answer to {@link dumpRoutes} leads to; undefined when it leads to none, or several. */
export function readRouteLink(answer: Buffer): number | undefined {
  const link = messageAttributes(answer, FIXED_BYTES).get(RTA_OIF);
  return link === undefined ? undefined : readU32(link);
}

/** The destination of an answer to {@link dumpRoutes}; undefined for a default route, which covers everything. */
export function readRouteSubnet(answer: Buffer): Subnet | undefined {
  const prefixLength = answer[HEADER_BYTES + 1];
  const destination = messageAttributes(answer, FIXED_BYTES).get(RTA_DST);
  if (prefixLength === undefined || prefixLength > 32 || destination?.length !== 4) return undefined;
  return { base: destination.readUInt32BE(), prefixLength };
}
