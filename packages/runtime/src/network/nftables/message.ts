import {
  attribute,
  be32,
  message,
  messageAttributes,
  NLM_F_ACK,
  NLM_F_REQUEST,
  zeroTerminated,
} from '../netlink/message';

/** linux/netfilter/nfnetlink.h */
const NFNL_SUBSYS_NFTABLES = 10;
const NFNL_MSG_BATCH_BEGIN = 16;
const NFNL_MSG_BATCH_END = 17;

/** enum nf_tables_msg_types (linux/netfilter/nf_tables.h) */
export const NFT_MSG = {
  newTable: 0,
  getTable: 1,
  delTable: 2,
  newChain: 3,
  getChain: 4,
  newRule: 6,
  getRule: 7,
  delRule: 8,
  newSet: 9,
  newElements: 12,
  getElements: 13,
  delElements: 14,
} as const;

/** enum nfproto: the families of tables. */
export const NFPROTO_INET = 1;
export const NFPROTO_IPV4 = 2;
export const NFPROTO_IPV6 = 10;

/** struct nfgenmsg: family, version, resource (big endian). */
const FIXED_BYTES = 4;

function netfilterHeader(family: number, resource: number): Buffer {
  return Buffer.from([family, 0, resource >> 8, resource & 255]);
}

/** One nf_tables message about something in a table of `family`. */
export function tablesMessage(
  type: number,
  flags: number,
  family: number,
  ...attributes: readonly Uint8Array[]
): Buffer {
  const fullType = (NFNL_SUBSYS_NFTABLES << 8) | type;
  return message(fullType, NLM_F_REQUEST | flags, netfilterHeader(family, 0), ...attributes);
}

/** A change to the rule set; takes effect only inside a {@link transaction}. */
export function change(type: number, flags: number, ...attributes: readonly Uint8Array[]): Buffer {
  return tablesMessage(type, flags | NLM_F_ACK, NFPROTO_INET, ...attributes);
}

/** Encloses changes so that the kernel makes all of them, or none. */
export function transaction(...changes: readonly Uint8Array[]): Buffer {
  const border = (type: number) => message(type, NLM_F_REQUEST, netfilterHeader(0, NFNL_SUBSYS_NFTABLES));
  return Buffer.concat([border(NFNL_MSG_BATCH_BEGIN), ...changes, border(NFNL_MSG_BATCH_END)]);
}

/** The attributes of an nf_tables answer. */
export function answerAttributes(answer: Buffer): Map<number, Buffer> {
  return messageAttributes(answer, FIXED_BYTES);
}

/** A string attribute, terminated. */
export function textAttribute(type: number, text: string): Buffer {
  return attribute(type, zeroTerminated(text));
}

/** A number attribute, in network byte order as everywhere in nf_tables. */
export function numberAttribute(type: number, value: number): Buffer {
  return attribute(type, be32(value));
}
