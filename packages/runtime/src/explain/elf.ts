import type { ReadAt } from './container-files';

/** What the kernel and the dynamic loader want to know of an ELF file (elf(5)). */
export interface ElfFile {
  /** e_machine. */
  readonly machine: number;
  readonly bits: 32 | 64;
  /** PT_INTERP: the dynamic loader. */
  readonly interpreter?: string;
  /** DT_NEEDED. */
  readonly needed: readonly string[];
  /** DT_RPATH and DT_RUNPATH, split at colons. */
  readonly searchPaths: readonly string[];
}

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const DT_NEEDED = 1;
const DT_STRTAB = 5;
const DT_RPATH = 15;
const DT_RUNPATH = 29;

/** More than any real program has; a file is hostile input. */
const MAX_SEGMENTS = 256;
const MAX_DYNAMIC_BYTES = 64 * 1024;
const MAX_STRING = 4096;

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

/** Reads an ELF file's headers; undefined when it is none. A table that is cut short counts as far as it goes. */
export function readElf(readAt: ReadAt): ElfFile | undefined {
  const head = readAt(0, 64);
  if (head.length < 52 || head.readUInt32BE(0) !== 0x7f454c46) return undefined;
  const [fileClass, order] = [head[4], head[5]];
  if ((fileClass !== 1 && fileClass !== 2) || (order !== 1 && order !== 2)) return undefined;
  const is64 = fileClass === 2;
  if (is64 && head.length < 64) return undefined;
  const words = new Words(head, order === 1, is64);
  const segments = readSegments(words, readAt);
  const interpreter = segments.find(({ type }) => type === PT_INTERP);
  return {
    machine: words.u16(18),
    bits: is64 ? 64 : 32,
    ...(interpreter === undefined ? {} : { interpreter: stringAt(readAt, interpreter.offset) }),
    ...readDynamic(words, segments, readAt),
  };
}

/** Numbers of a buffer in the file's byte order; a word has the file's width. */
class Words {
  constructor(
    private readonly bytes: Buffer,
    private readonly little: boolean,
    readonly is64: boolean,
  ) {}

  of(bytes: Buffer): Words {
    return new Words(bytes, this.little, this.is64);
  }

  get length(): number {
    return this.bytes.length;
  }

  u16(at: number): number {
    return this.little ? this.bytes.readUInt16LE(at) : this.bytes.readUInt16BE(at);
  }

  u32(at: number): number {
    return this.little ? this.bytes.readUInt32LE(at) : this.bytes.readUInt32BE(at);
  }

  /** Numbers beyond 2^53 are offsets that no file has: they read as nothing. */
  word(at: number): number {
    if (!this.is64) return this.u32(at);
    return Number(this.little ? this.bytes.readBigUInt64LE(at) : this.bytes.readBigUInt64BE(at));
  }
}

function readSegments(head: Words, readAt: ReadAt): Segment[] {
  const { is64 } = head;
  const size = is64 ? 56 : 32;
  if (head.u16(is64 ? 54 : 42) !== size) return [];
  const count = Math.min(head.u16(is64 ? 56 : 44), MAX_SEGMENTS);
  const table = head.of(readAt(head.word(is64 ? 32 : 28), count * size));
  const segments: Segment[] = [];
  for (let at = 0; at + size <= table.length; at += size) {
    segments.push({
      type: table.u32(at),
      offset: table.word(at + (is64 ? 8 : 4)),
      address: table.word(at + (is64 ? 16 : 8)),
      size: table.word(at + (is64 ? 32 : 16)),
    });
  }
  return segments;
}

function readDynamic(
  head: Words,
  segments: readonly Segment[],
  readAt: ReadAt,
): Pick<ElfFile, 'needed' | 'searchPaths'> {
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
  if (dynamic === undefined) return { needed: [], searchPaths: [] };
  const entries = head.of(readAt(dynamic.offset, Math.min(dynamic.size, MAX_DYNAMIC_BYTES)));
  const step = head.is64 ? 16 : 8;
  const values = new Map<number, number[]>();
  for (let at = 0; at + step <= entries.length; at += step) {
    const tag = entries.word(at);
    if (tag === 0) break;
    values.set(tag, [...(values.get(tag) ?? []), entries.word(at + step / 2)]);
  }
  const strings = fileOffset(segments, values.get(DT_STRTAB)?.[0] ?? 0);
  if (strings === undefined) return { needed: [], searchPaths: [] };
  const texts = (tag: number) => (values.get(tag) ?? []).map(offset => stringAt(readAt, strings + offset));
  return {
    needed: texts(DT_NEEDED).filter(text => text !== ''),
    searchPaths: [...texts(DT_RPATH), ...texts(DT_RUNPATH)].flatMap(text => text.split(':')).filter(Boolean),
  };
}

/** Where the file has what is loaded at an address. */
function fileOffset(segments: readonly Segment[], address: number): number | undefined {
  const holder = segments.find(
    ({ type, address: start, size }) => type === PT_LOAD && address >= start && address < start + size,
  );
  return holder === undefined ? undefined : holder.offset + (address - holder.address);
}

function stringAt(readAt: ReadAt, offset: number): string {
  const bytes = readAt(offset, MAX_STRING);
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end === -1 ? 0 : end);
}
