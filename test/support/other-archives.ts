import { crc32 } from 'node:zlib';
import { readTar } from '@tinyd/tree';

/** A member of an archive that a test writes byte by byte. */
export interface Member {
  readonly name: string;
  readonly content: Uint8Array;
  /** What the archive says of its size, if not the truth. */
  readonly claimedSize?: number;
  readonly isEncrypted?: boolean;
}

/** A zip archive that stores its members as they are (APPNOTE.TXT 4.3), names and sizes unchecked. */
export function zipOf(members: readonly Member[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content, claimedSize = content.length, isEncrypted } of members) {
    const nameBytes = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(isEncrypted ? 1 : 0, 2);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(content.length, 14);
    common.writeUInt32LE(claimedSize, 18);
    common.writeUInt16LE(nameBytes.length, 22);
    const entry = Buffer.alloc(14);
    entry.writeUInt32LE(offset, 10);
    directory.push(Buffer.from('PK\x01\x02'), Buffer.from([20, 3]), common, entry, nameBytes);
    const local = [Buffer.from('PK\x03\x04'), common, nameBytes, Buffer.from(content)];
    parts.push(...local);
    offset += local.reduce((sum, part) => sum + part.length, 0);
  }
  const listing = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(members.length, 4);
  end.writeUInt16LE(members.length, 6);
  end.writeUInt32LE(listing.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...parts, listing, Buffer.from('PK\x05\x06'), end]);
}

/** A rar archive, version 4, that stores the files of a tar archive as they are: nothing free packs one. */
export async function rarOf(tar: Uint8Array): Promise<Buffer> {
  const parts = [Buffer.from('Rar!\x1a\x07\x00', 'latin1'), rarBlock(0x73, 0, Buffer.alloc(6))];
  for (const { name, content } of await filesOf(tar)) {
    const fields = Buffer.alloc(25);
    fields.writeUInt32LE(content.length, 0);
    fields.writeUInt32LE(content.length, 4);
    fields.writeUInt8(3, 8);
    fields.writeUInt32LE(crc32(content), 9);
    fields.writeUInt8(29, 17);
    fields.writeUInt8(0x30, 18);
    fields.writeUInt16LE(Buffer.byteLength(name), 19);
    fields.writeUInt32LE(0o100644, 21);
    parts.push(rarBlock(0x74, 0x8000, Buffer.concat([fields, Buffer.from(name)])), Buffer.from(content));
  }
  return Buffer.concat([...parts, rarBlock(0x7b, 0x4000, Buffer.alloc(0))]);
}

function rarBlock(type: number, flags: number, fields: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(type, 0);
  head.writeUInt16LE(flags, 1);
  head.writeUInt16LE(7 + fields.length, 3);
  const body = Buffer.concat([head, fields]);
  const sum = Buffer.alloc(2);
  sum.writeUInt16LE(crc32(body) & 0xffff);
  return Buffer.concat([sum, body]);
}

async function filesOf(tar: Uint8Array): Promise<Member[]> {
  const files: Member[] = [];
  for await (const { path, kind, content = [] } of readTar(onePiece(tar))) {
    if (kind !== 'file') continue;
    const chunks: Uint8Array[] = [];
    for await (const chunk of content) chunks.push(chunk);
    files.push({ name: path.toString(), content: Buffer.concat(chunks) });
  }
  return files;
}

async function* onePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
