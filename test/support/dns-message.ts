/** DNS messages (RFC 1035), as the tests write and read them. */

export const TYPE = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  OPT: 41,
  ANY: 255,
} as const;
export type TypeName = keyof typeof TYPE;
export const CODE = { ok: 0, malformed: 1, failed: 2, absent: 3, unsupported: 4, refused: 5 } as const;

const FLAG = {
  reply: 0x8000,
  truncated: 0x0200,
  recursionDesired: 0x0100,
  recursionAvailable: 0x0080,
} as const;
const HEADER_BYTES = 12;
const INTERNET = 1;

export interface Query {
  readonly id: number;
  readonly name: string;
  readonly type: number;
  /** What the asker says it takes by UDP; undefined: no EDNS. */
  readonly udpBytes?: number | undefined;
}

export interface Record {
  readonly name: string;
  readonly type: number;
  readonly ttl: number;
  readonly data: Buffer;
}

export interface Reply {
  readonly id: number;
  readonly code: number;
  readonly truncated: boolean;
  readonly recursionAvailable: boolean;
  readonly name: string;
  readonly type: number;
  readonly answers: readonly Record[];
  /** The answerer's EDNS size. */
  readonly udpBytes?: number;
  readonly bytes: number;
}

function encodeName(name: string): Buffer {
  const labels = name.split('.').filter(label => label !== '');
  return Buffer.concat([
    ...labels.map(label => Buffer.concat([Buffer.of(label.length), Buffer.from(label)])),
    Buffer.of(0),
  ]);
}

function u16s(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, index * 2);
  return bytes;
}

function optRecord(udpBytes: number): Buffer {
  return Buffer.concat([Buffer.of(0), u16s(TYPE.OPT, udpBytes, 0, 0, 0)]);
}

export function encodeQuery({ id, name, type, udpBytes }: Query): Buffer {
  const header = u16s(id, FLAG.recursionDesired, 1, 0, 0, udpBytes === undefined ? 0 : 1);
  const question = [encodeName(name), u16s(type, INTERNET)];
  return Buffer.concat([header, ...question, ...(udpBytes === undefined ? [] : [optRecord(udpBytes)])]);
}

/** The reply to a query in wire form: its question repeated, and records of its name. */
export function encodeReply(
  query: Buffer,
  parts: { code?: number; truncated?: boolean; records?: readonly { type: number; data: Buffer }[] },
): Buffer {
  const { name, type, id } = readMessage(query);
  const flags =
    FLAG.reply |
    FLAG.recursionDesired |
    FLAG.recursionAvailable |
    (parts.truncated ? FLAG.truncated : 0) |
    (parts.code ?? CODE.ok);
  const records = parts.records ?? [];
  return Buffer.concat([
    u16s(id, flags, 1, records.length, 0, 0),
    encodeName(name),
    u16s(type, INTERNET),
    ...records.map(record =>
      Buffer.concat([u16s(0xc00c, record.type, INTERNET, 0, 7, record.data.length), record.data]),
    ),
  ]);
}

function readName(message: Buffer, at: number): { name: string; end: number } {
  const labels: string[] = [];
  let end: number | undefined;
  for (let hops = 0; hops < 64; ) {
    const length = message.readUInt8(at);
    if ((length & 0xc0) === 0xc0) {
      end ??= at + 2;
      at = message.readUInt16BE(at) & 0x3fff;
      hops++;
      continue;
    }
    if (length === 0) return { name: labels.join('.'), end: end ?? at + 1 };
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  throw new Error('a name refers to itself');
}

/** Reads a query or a reply to its last byte; throws where it is malformed. */
export function readMessage(message: Buffer): Reply {
  const flags = message.readUInt16BE(2);
  const counts = [6, 8, 10].map(offset => message.readUInt16BE(offset));
  let at = HEADER_BYTES;
  let name = '';
  let type = 0;
  if (message.readUInt16BE(4) === 1) {
    const question = readName(message, at);
    name = question.name;
    type = message.readUInt16BE(question.end);
    at = question.end + 4;
  }
  const records = counts.map(count =>
    Array.from({ length: count }, () => {
      const owner = readName(message, at);
      const length = message.readUInt16BE(owner.end + 8);
      const start = owner.end + 10;
      at = start + length;
      if (at > message.length) throw new Error('a record is longer than its message');
      return {
        name: owner.name,
        type: message.readUInt16BE(owner.end),
        class: message.readUInt16BE(owner.end + 2),
        ttl: message.readUInt32BE(owner.end + 4),
        data: message.subarray(start, at),
      };
    }),
  );
  if (at !== message.length) throw new Error(`${message.length - at} bytes behind the message`);
  const option = records[2]?.find(record => record.type === TYPE.OPT);
  return {
    id: message.readUInt16BE(0),
    code: flags & 15,
    truncated: (flags & FLAG.truncated) !== 0,
    recursionAvailable: (flags & FLAG.recursionAvailable) !== 0,
    name,
    type,
    answers: records[0] ?? [],
    bytes: message.length,
    ...(option === undefined ? {} : { udpBytes: option.class }),
  };
}

/** The data of a record as dig(1) would show it: an address, or a name without compression. */
export function showData({ type, data }: Record): string {
  if (type === TYPE.A) return data.join('.');
  if (type === TYPE.PTR) return readName(data, 0).name;
  if (type !== TYPE.AAAA) return data.toString('latin1');
  const groups = Array.from({ length: 8 }, (_, index) => data.readUInt16BE(index * 2).toString(16));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}
