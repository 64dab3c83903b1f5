/** Flags of a netlink message (linux/netlink.h). */
export const NLM_F_REQUEST = 0x1;
export const NLM_F_ACK = 0x4;
export const NLM_F_DUMP = 0x300;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;
export const NLM_F_APPEND = 0x800;

/** struct nlmsghdr: length, type, flags, sequence number, port. */
export const HEADER_BYTES = 16;

const NLA_F_NESTED = 0x8000;
const NLA_TYPE_MASK = 0x3fff;
const ATTRIBUTE_HEADER_BYTES = 4;
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** A 16-bit number in the host's byte order. */
export function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  if (LITTLE_ENDIAN) bytes.writeUInt16LE(value);
  else bytes.writeUInt16BE(value);
  return bytes;
}

/** A 32-bit number in the host's byte order. */
export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  if (LITTLE_ENDIAN) bytes.writeUInt32LE(value >>> 0);
  else bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

/** A 32-bit number in network byte order, as nf_tables wants all its numbers. */
export function be32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

/** A string with its terminating NUL. */
export function zeroTerminated(text: string): Buffer {
  return Buffer.from(`${text}\0`);
}

function padded(length: number): number {
  return (length + 3) & ~3;
}

/** One attribute (struct nlattr), padded to four bytes; the padding is not part of its length. */
export function attribute(type: number, payload: Uint8Array): Buffer {
  const length = ATTRIBUTE_HEADER_BYTES + payload.length;
  const bytes = Buffer.alloc(padded(length));
  bytes.set(u16(length), 0);
  bytes.set(u16(type), 2);
  bytes.set(payload, ATTRIBUTE_HEADER_BYTES);
  return bytes;
}

/** An attribute that holds attributes. */
export function nested(type: number, ...children: readonly Uint8Array[]): Buffer {
  return attribute(type | NLA_F_NESTED, Buffer.concat(children));
}

/** One message: header, fixed part of the family, attributes. The sender numbers it (nlmsg_seq). */
export function message(type: number, flags: number, ...parts: readonly Uint8Array[]): Buffer {
  const length = HEADER_BYTES + parts.reduce((sum, part) => sum + part.length, 0);
  const header = Buffer.alloc(HEADER_BYTES);
  header.set(u32(length), 0);
  header.set(u16(type), 4);
  header.set(u16(flags), 6);
  return Buffer.concat([header, ...parts], padded(length));
}

function readU16(bytes: Buffer, offset: number): number {
  return LITTLE_ENDIAN ? bytes.readUInt16LE(offset) : bytes.readUInt16BE(offset);
}

/** Reads a 32-bit number in the host's byte order. */
export function readU32(bytes: Buffer, offset = 0): number {
  return LITTLE_ENDIAN ? bytes.readUInt32LE(offset) : bytes.readUInt32BE(offset);
}

/** The attributes of a row of them with their types, in order; a malformed rest is left out. */
export function* eachAttribute(bytes: Buffer): Generator<[type: number, payload: Buffer]> {
  for (let at = 0; at + ATTRIBUTE_HEADER_BYTES <= bytes.length; ) {
    const length = readU16(bytes, at);
    if (length < ATTRIBUTE_HEADER_BYTES || at + length > bytes.length) return;
    yield [readU16(bytes, at + 2) & NLA_TYPE_MASK, bytes.subarray(at + ATTRIBUTE_HEADER_BYTES, at + length)];
    at += padded(length);
  }
}

/** The attributes of a row of them, by type; the last one of a type wins, a malformed rest is left out. */
export function readAttributes(bytes: Buffer): Map<number, Buffer> {
  return new Map(eachAttribute(bytes));
}

/** The attributes of a message whose family has a fixed part of `fixedBytes`. */
export function messageAttributes(message: Buffer, fixedBytes: number): Map<number, Buffer> {
  return readAttributes(message.subarray(HEADER_BYTES + padded(fixedBytes)));
}
