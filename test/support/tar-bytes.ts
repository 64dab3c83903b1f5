/** One tar header block, field by field (POSIX.1-1988 ustar). Whatever is not said has a harmless value. */
export interface TarFields {
  readonly name: string | Buffer;
  readonly type?: string;
  readonly link?: string | Buffer;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Taken from the data if there is some. */
  readonly size?: number | bigint;
  /** Seconds since the epoch. */
  readonly mtime?: number;
  readonly major?: number;
  readonly minor?: number;
  readonly prefix?: string;
  /** `ustar\0` + `00`; GNU: `ustar  \0`; v7: empty. */
  readonly magic?: string;
  /** Bytes put over the finished header before the checksum is taken: offset and content. */
  readonly patches?: readonly (readonly [number, Buffer | string])[];
  /** Added to the right checksum. */
  readonly checksumError?: number;
  /** Sums signed bytes, as some old writers did. */
  readonly signedChecksum?: boolean;
}

export const USTAR = 'ustar\x0000';
export const GNU = 'ustar  \0';
export const V7 = '';

const BLOCK = 512;

/** Pads to whole blocks. */
export function blocks(data: Buffer): Buffer {
  const rest = data.length % BLOCK;
  return rest === 0 ? data : Buffer.concat([data, Buffer.alloc(BLOCK - rest)]);
}

function octal(value: number | bigint, width: number): Buffer {
  return Buffer.from(`${value.toString(8).padStart(width - 1, '0')}\0`, 'latin1');
}

/** GNU's binary form of a number field. */
export function base256(value: bigint, width: number): Buffer {
  const bytes = Buffer.alloc(width);
  let rest = value;
  for (let i = width - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  bytes[0] = (bytes[0] ?? 0) | 0x80;
  return bytes;
}

/** A number field: octal where it fits, else base-256. */
function numberField(value: number | bigint, width: number): Buffer {
  const number = BigInt(value);
  return number >= 0n && number < 1n << BigInt(3 * (width - 1))
    ? octal(number, width)
    : base256(number, width);
}

export function tarHeader(fields: TarFields, size = 0): Buffer {
  const header = Buffer.alloc(BLOCK);
  const put = (offset: number, width: number, value: Buffer | string) => {
    const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
    bytes.subarray(0, width).copy(header, offset);
  };
  put(0, 100, fields.name);
  put(100, 8, octal(fields.mode ?? 0o644, 8));
  put(108, 8, numberField(fields.uid ?? 0, 8));
  put(116, 8, numberField(fields.gid ?? 0, 8));
  put(124, 12, numberField(fields.size ?? size, 12));
  put(136, 12, numberField(fields.mtime ?? 1_600_000_000, 12));
  put(156, 1, fields.type ?? '0');
  put(157, 100, fields.link ?? '');
  put(257, 8, fields.magic ?? USTAR);
  if (fields.type === '3' || fields.type === '4') {
    put(329, 8, numberField(fields.major ?? 0, 8));
    put(337, 8, numberField(fields.minor ?? 0, 8));
  }
  put(345, 155, fields.prefix ?? '');
  for (const [offset, bytes] of fields.patches ?? []) put(offset, BLOCK - offset, bytes);
  header.fill(' ', 148, 156);
  let sum = 0;
  for (const byte of fields.signedChecksum ? new Int8Array(header) : header) sum += byte;
  put(148, 8, `${(sum + (fields.checksumError ?? 0)).toString(8).padStart(6, '0')}\0 `);
  return header;
}

/** A member: header and padded data. */
export function member(fields: TarFields, data: Buffer | string = ''): Buffer {
  const bytes = typeof data === 'string' ? Buffer.from(data, 'utf8') : data;
  return Buffer.concat([tarHeader(fields, bytes.length), blocks(bytes)]);
}

export function file(
  name: string | Buffer,
  data: Buffer | string = '',
  fields: Partial<TarFields> = {},
): Buffer {
  return member({ ...fields, name }, data);
}
export function directory(name: string | Buffer, fields: Partial<TarFields> = {}): Buffer {
  return member({ mode: 0o755, ...fields, name, type: '5' });
}
export function symlink(
  name: string | Buffer,
  link: string | Buffer,
  fields: Partial<TarFields> = {},
): Buffer {
  return member({ mode: 0o777, ...fields, name, link, type: '2' });
}
export function hardLink(
  name: string | Buffer,
  link: string | Buffer,
  fields: Partial<TarFields> = {},
): Buffer {
  return member({ ...fields, name, link, type: '1' });
}

/** Records of a pax header, in order; a keyword may occur again. */
export type PaxRecords = readonly (readonly [string, string | Buffer])[];

function paxRecords(records: PaxRecords): Buffer {
  return Buffer.concat(
    records.map(([keyword, value]) => {
      const body = Buffer.concat([Buffer.from(` ${keyword}=`), Buffer.from(value), Buffer.from('\n')]);
      let length = body.length + 1;
      while (String(length).length + body.length !== length) length++;
      return Buffer.concat([Buffer.from(String(length)), body]);
    }),
  );
}

/** An extended header: `x` for the next member, `g` for all that follow. */
export function pax(records: PaxRecords, type: 'x' | 'g' = 'x'): Buffer {
  return member({ name: 'PaxHeaders/x', type }, paxRecords(records));
}

/** GNU's long name (L) or long link (K) for the next member. */
export function gnuLong(type: 'L' | 'K', text: string | Buffer): Buffer {
  return member(
    { name: '././@LongLink', type, magic: GNU },
    Buffer.concat([Buffer.from(text), Buffer.alloc(1)]),
  );
}

/** Members and the two zero blocks that end an archive. */
export function tar(...members: readonly Buffer[]): Buffer {
  return Buffer.concat([...members, Buffer.alloc(2 * BLOCK)]);
}
