/** What the headers of an ELF program say. It cannot run. */
export interface ElfFacts {
  /** e_machine: 62 amd64, 183 arm64. */
  readonly machine: number;
  readonly interpreter?: string;
  readonly needed?: readonly string[];
  readonly runpath?: string;
  readonly bits?: 32 | 64;
  readonly bigEndian?: boolean;
}

const BASE = 0x400000;

/** Makes the bytes of an ELF file (elf(5)): header, program headers, strings, dynamic section. */
export function elfProgram(facts: ElfFacts): Buffer {
  const { machine, interpreter, needed = [], runpath, bits = 64, bigEndian = false } = facts;
  const wide = bits === 64;
  const [headerSize, segmentSize] = wide ? [64, 56] : [52, 32];
  const strings = new Strings();
  const dynamic: [number, number][] = needed.map(name => [1, strings.add(name)]);
  if (runpath !== undefined) dynamic.push([29, strings.add(runpath)]);
  const interpreterAt = interpreter === undefined ? 0 : strings.add(interpreter);
  const stringsAt = headerSize + 3 * segmentSize;
  const dynamicAt = stringsAt + strings.bytes.length;
  dynamic.push([5, BASE + stringsAt], [0, 0]);
  const word = (value: number) => number(value, wide ? 8 : 4, bigEndian);
  const dynamicBytes = Buffer.concat(dynamic.flatMap(([tag, value]) => [word(tag), word(value)]));
  const size = dynamicAt + dynamicBytes.length;
  const u16 = (value: number) => number(value, 2, bigEndian);
  const u32 = (value: number) => number(value, 4, bigEndian);
  const segment = (type: number, offset: number, length: number) => {
    const places = [word(offset), word(BASE + offset), word(0), word(length), word(length)];
    return Buffer.concat(
      wide ? [u32(type), u32(5), ...places, word(8)] : [u32(type), ...places, u32(5), u32(8)],
    );
  };
  const identity = Buffer.from([
    0x7f,
    0x45,
    0x4c,
    0x46,
    wide ? 2 : 1,
    bigEndian ? 2 : 1,
    1,
    ...Array(9).fill(0),
  ]);
  const header = Buffer.concat([
    identity,
    ...[u16(2), u16(machine), u32(1), word(BASE), word(headerSize), word(0), u32(0)],
    ...[headerSize, segmentSize, 3, 0, 0, 0].map(u16),
  ]);
  return Buffer.concat([
    header,
    segment(1, 0, size),
    segment(interpreter === undefined ? 0 : 3, stringsAt + interpreterAt, (interpreter?.length ?? 0) + 1),
    segment(needed.length === 0 && runpath === undefined ? 0 : 2, dynamicAt, dynamicBytes.length),
    strings.bytes,
    dynamicBytes,
  ]);
}

class Strings {
  bytes = Buffer.from([0]);

  add(text: string): number {
    const at = this.bytes.length;
    this.bytes = Buffer.concat([this.bytes, Buffer.from(`${text}\0`)]);
    return at;
  }
}

function number(value: number, size: number, bigEndian: boolean): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  const cut = Buffer.from(bytes.subarray(0, size));
  return bigEndian ? cut.reverse() : cut;
}
