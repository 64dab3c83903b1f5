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
  u32,
} from './message';

/** linux/rtnetlink.h, linux/if_addr.h */
const RTM_NEWADDR = 20;
const RTM_GETADDR = 22;
const AF_INET = 2;
const AF_INET6 = 10;
const IFA_F_NODAD = 2;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_BROADCAST = 4;
/** struct ifaddrmsg: family, prefix length, flags, scope, index. */
const FIXED_BYTES = 8;

/** Gives a link an address of a subnet, with the subnet's broadcast address. Fails with EEXIST. */
export function addAddress(index: number, address: Ipv4, subnet: Subnet): Buffer {
  const broadcast = subnet.base + 2 ** (32 - subnet.prefixLength) - 1;
  return message(
    RTM_NEWADDR,
    NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
    Buffer.from([AF_INET, subnet.prefixLength, 0, 0]),
    u32(index),
    attribute(IFA_LOCAL, ipv4Bytes(address)),
    attribute(IFA_BROADCAST, ipv4Bytes(broadcast)),
    attribute(IFA_ADDRESS, ipv4Bytes(address)),
  );
}

/** Gives a link an IPv6 address of a subnet, usable at once: nobody else chooses addresses there. Fails with EEXIST. */
export function addAddress6(index: number, address: Ipv6, prefixLength: number): Buffer {
  return message(
    RTM_NEWADDR,
    NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
    Buffer.from([AF_INET6, prefixLength, IFA_F_NODAD, 0]),
    u32(index),
    attribute(IFA_LOCAL, ipv6Bytes(address)),
    attribute(IFA_ADDRESS, ipv6Bytes(address)),
  );
}

/** Asks for all IPv4 addresses of the namespace. */
export function dumpAddresses(): Buffer {
  return message(RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, Buffer.from([AF_INET, 0, 0, 0]), u32(0));
}

/** Index of the link that an answer to {@link dumpAddresses} speaks of. */
export function readAddressLink(answer: Buffer): number {
  return readU32(answer, HEADER_BYTES + 4);
}

/** The subnet that an answer to {@link dumpAddresses} speaks of. */
export function readAddressSubnet(answer: Buffer): Subnet | undefined {
  const prefixLength = answer[HEADER_BYTES + 1];
  const address = messageAttributes(answer, FIXED_BYTES).get(IFA_ADDRESS);
  if (prefixLength === undefined || prefixLength > 32 || address?.length !== 4) return undefined;
  const size = 2 ** (32 - prefixLength);
  return { base: Math.floor(address.readUInt32BE() / size) * size, prefixLength };
}
