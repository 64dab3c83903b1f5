/** Flags of mount(2) by their words in fstab(5); a word with `clear` takes the flag away again. */
const FLAG_WORDS: Readonly<Record<string, { readonly set?: number; readonly clear?: number }>> = {
  ro: { set: 0x1 },
  rro: { set: 0x1 },
  rw: { clear: 0x1 },
  nosuid: { set: 0x2 },
  suid: { clear: 0x2 },
  nodev: { set: 0x4 },
  dev: { clear: 0x4 },
  noexec: { set: 0x8 },
  exec: { clear: 0x8 },
  sync: { set: 0x10 },
  async: { clear: 0x10 },
  dirsync: { set: 0x80 },
  noatime: { set: 0x400 },
  atime: { clear: 0x400 },
  nodiratime: { set: 0x800 },
  diratime: { clear: 0x800 },
  relatime: { set: 0x200000 },
  norelatime: { clear: 0x200000 },
  strictatime: { set: 0x1000000 },
  defaults: {},
};

const PROPAGATIONS = ['private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared'] as const;

/** How a mount spreads to and from other namespaces. */
export type Propagation = (typeof PROPAGATIONS)[number];

/** The options of a mount in the specification, taken apart. */
export interface LoweredOptions {
  /** MS_… of mount(2). */
  readonly flags: number;
  /** They are for the mounts below it too. */
  readonly flagsBelow: boolean;
  readonly recursive: boolean;
  readonly propagation: Propagation;
  /** What the file system itself is to read, joined by commas. */
  readonly data: string;
}

/** Splits mount options into flags, propagation and data; later words win. */
export function lowerOptions(options: readonly string[]): LoweredOptions {
  let flags = 0;
  let flagsBelow = false;
  let recursive = false;
  let propagation: Propagation = 'rprivate';
  const data: string[] = [];
  for (const option of options) {
    const word = Object.hasOwn(FLAG_WORDS, option) ? FLAG_WORDS[option] : undefined;
    const spread = PROPAGATIONS.find(known => known === option);
    if (option === 'ro' || option === 'rro') flagsBelow = option === 'rro';
    if (word !== undefined) flags = (flags | (word.set ?? 0)) & ~(word.clear ?? 0);
    else if (spread !== undefined) propagation = spread;
    else if (option === 'rbind' || option === 'bind') recursive = option === 'rbind';
    else data.push(option);
  }
  return { flags, flagsBelow, recursive, propagation, data: data.join(',') };
}
