import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  ftruncateSync,
  linkSync,
  openSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  write as writeFile,
} from 'node:fs';
import { makeNode, O_PATH, openBelow } from '@tinyd/native';
import { mountOf, type Owner, setAttributes, setLinkAttributes, setNodeAttributes } from '../attributes';
import { nameIn, systemCode, type TreeEntry } from '../entry';
import { Parents } from './parents';
import { TargetErrors } from './target-errors';

const FORMATS = { char: constants.S_IFCHR, block: constants.S_IFBLK, fifo: constants.S_IFIFO } as const;

/** How a tree is written. */
export interface WriteOptions {
  /** Descriptor of the folder that everything goes into. */
  readonly folder: number;
  /** Owner of everything written; each entry's own by default. */
  readonly owner?: Owner;
  /** Names the folder in messages: `web:/srv`. */
  readonly shown: string;
}

/** A folder that gets its attributes when all that is in it has been written. */
interface PendingFolder {
  readonly fd: number;
  readonly entry: TreeEntry;
}

/**
 * Writes a tree into a folder, by descriptors: no link that lies there, or is put there meanwhile, is ever followed.
 *
 * A folder joins one that is there; anything else replaces what is there, in one step, unless that is a folder. Entries that imply
 * folders make them (0755). Fails with ERR_TINYD_COPY_TARGET where a folder would replace something else or the other way round,
 * or a parent is no folder; and with ERR_TINYD_SYSTEM.
 *
 * @returns bytes of content written.
 */
export async function writeTree(entries: AsyncIterable<TreeEntry>, options: WriteOptions): Promise<number> {
  const writer = new TreeWriter(options);
  try {
    let bytes = 0;
    for await (const entry of entries) bytes += await writer.add(entry);
    writer.finish();
    return bytes;
  } finally {
    writer.close();
  }
}

class TreeWriter {
  readonly #options: WriteOptions;
  readonly #errors: TargetErrors;
  readonly #parents: Parents;
  readonly #folders: PendingFolder[] = [];

  constructor(options: WriteOptions) {
    this.#options = options;
    this.#errors = new TargetErrors(options.shown);
    this.#parents = new Parents(options.folder, this.#errors);
  }

  async add(entry: TreeEntry): Promise<number> {
    try {
      if (entry.kind === 'folder') {
        this.#addFolder(entry);
        return 0;
      }
      const { folder, name } = this.#parents.open(entry.path, entry.path);
      try {
        return await this.#replace(folder, name, entry);
      } finally {
        closeSync(folder);
      }
    } catch (error) {
      throw this.#errors.worded(error, entry.path);
    }
  }

  /** Gives folders what writing into them has changed, innermost first. */
  finish(): void {
    for (const { fd, entry } of this.#folders.reverse()) setAttributes(fd, entry, this.#owner(entry));
  }

  close(): void {
    for (const { fd } of this.#folders.splice(0)) closeSync(fd);
  }

  #addFolder(entry: TreeEntry): void {
    const fd =
      entry.path.length === 0
        ? openBelow(this.#options.folder, Buffer.from('.'), constants.O_RDONLY | constants.O_DIRECTORY)
        : this.#makeFolder(entry.path);
    this.#folders.push({ fd, entry });
  }

  #makeFolder(path: Buffer): number {
    const { folder, name } = this.#parents.open(path, path);
    try {
      return this.#parents.enter(
        folder,
        name,
        path,
        constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW,
      );
    } finally {
      closeSync(folder);
    }
  }

  /** Made under a name of its own, then renamed: readers see what was there before, or all of the new. */
  async #replace(folder: number, name: Buffer, entry: TreeEntry): Promise<number> {
    const temporary = Buffer.from(`.tinyd-${randomBytes(8).toString('hex')}`);
    try {
      const bytes = await this.#make(folder, temporary, entry);
      this.#refuseMountPoint(folder, name, entry.path);
      renameSync(nameIn(folder, temporary), nameIn(folder, name));
      return bytes;
    } catch (error) {
      const code = systemCode(error);
      if (code === 'EISDIR' || code === 'ENOTEMPTY' || (code === 'EEXIST' && entry.kind !== 'hardlink'))
        throw this.#errors.overwrites(entry.kind, entry.path);
      throw error;
    } finally {
      // After a success too: renaming one name of a file over another does nothing (rename(2)).
      unlinkIfThere(nameIn(folder, temporary));
    }
  }

  /** Renaming over a file that another mount covers would take that mount away from whoever sees it. */
  #refuseMountPoint(folder: number, name: Buffer, path: Buffer): void {
    let fd: number;
    try {
      fd = openBelow(folder, name, O_PATH | constants.O_NOFOLLOW);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return;
      throw error;
    }
    try {
      if (mountOf(fd) === mountOf(folder)) return;
    } finally {
      closeSync(fd);
    }
    throw this.#errors.replacesMount(path);
  }

  async #make(folder: number, name: Buffer, entry: TreeEntry): Promise<number> {
    const path = nameIn(folder, name);
    if (entry.kind === 'file') return this.#makeFile(path, entry);
    if (entry.kind === 'hardlink') {
      this.#makeLink(path, entry);
      return 0;
    }
    if (entry.kind === 'symlink') {
      symlinkSync(entry.target ?? Buffer.alloc(0), path);
      setLinkAttributes(path, entry, this.#owner(entry));
      return 0;
    }
    if (entry.kind === 'folder') throw new TypeError('a folder is no leaf');
    makeNode(folder, name, FORMATS[entry.kind] | 0o600, entry.device ?? { major: 0, minor: 0 });
    const fd = openBelow(folder, name, O_PATH | constants.O_NOFOLLOW);
    try {
      setNodeAttributes(fd, entry, this.#owner(entry));
    } finally {
      closeSync(fd);
    }
    return 0;
  }

  async #makeFile(path: Buffer, entry: TreeEntry): Promise<number> {
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
    const fd = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      let bytes = 0;
      for await (const chunk of entry.content ?? []) {
        if (!isZero(chunk)) await writeAll(fd, chunk, bytes);
        bytes += chunk.length;
      }
      // What ends in a hole has its size from nobody else.
      ftruncateSync(fd, bytes);
      setAttributes(fd, entry, this.#owner(entry));
      return bytes;
    } finally {
      closeSync(fd);
    }
  }

  #makeLink(path: Buffer, entry: TreeEntry): void {
    const { folder, name } = this.#parents.open(entry.target ?? Buffer.alloc(0), entry.path);
    try {
      linkSync(nameIn(folder, name), path);
    } finally {
      closeSync(folder);
    }
  }

  #owner({ uid, gid }: TreeEntry): Owner {
    return this.#options.owner ?? { uid, gid };
  }
}

function unlinkIfThere(path: Buffer): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}

const ZEROS = Buffer.alloc(64 * 1024);

/** Whether it would be as well to leave a hole: files with many of them fit where they came from. */
function isZero(chunk: Uint8Array): boolean {
  for (let at = 0; at < chunk.length; at += ZEROS.length) {
    const part = chunk.subarray(at, at + ZEROS.length);
    if (Buffer.compare(part, ZEROS.subarray(0, part.length)) !== 0) return false;
  }
  return true;
}

async function writeAll(fd: number, chunk: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < chunk.length; ) at += await writeSome(fd, chunk, at, position + at);
}

function writeSome(fd: number, chunk: Uint8Array, at: number, position: number): Promise<number> {
  return new Promise((resolve, reject) =>
    writeFile(fd, chunk, at, chunk.length - at, position, (error, count) =>
      error ? reject(error) : resolve(count),
    ),
  );
}
