import { Readable } from 'node:stream';
import { TinydError } from '@tinyd/core';
import { extract, type Header } from 'tar-stream';
import type { EntryKind, TreeEntry } from '../entry';

const KINDS: Readonly<Record<string, EntryKind>> = {
  file: 'file',
  'contiguous-file': 'file',
  link: 'hardlink',
  symlink: 'symlink',
  'character-device': 'char',
  'block-device': 'block',
  directory: 'folder',
  fifo: 'fifo',
};
const XATTR_PREFIX = 'SCHILY.xattr.';

/**
 * Reads a tar archive as a tree; each entry's content must be read before the next is asked for, or is skipped.
 *
 * Names lose leading slashes and `.`. Fails with ERR_TINYD_LAYER_INVALID for what is no tar archive, ends in its middle, or
 * has a name with `..`.
 */
export async function* readTar(archive: AsyncIterable<Uint8Array>): AsyncGenerator<TreeEntry> {
  const reader = extract();
  const source = Readable.from(whole(archive), { objectMode: false });
  source.on('error', error => reader.destroy(error));
  source.pipe(reader);
  try {
    for await (const member of reader) {
      const { header } = member;
      const kind = KINDS[header.type ?? 'file'];
      if (kind === undefined) throw invalid(`${header.name}: an entry of type ${header.type}`);
      yield describe(header, kind, member as AsyncIterable<Uint8Array>);
      member.resume();
    }
  } catch (error) {
    throw error instanceof TinydError ? error : invalid((error as Error).message, error);
  } finally {
    source.destroy();
  }
}

/** An archive is whole blocks: tar-stream takes one that was cut off for one that has ended. */
async function* whole(archive: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of archive) {
    size += chunk.length;
    yield chunk;
  }
  if (size % 512 !== 0) throw invalid('it ends in the middle of a block');
}

function describe(header: Header, kind: EntryKind, content: AsyncIterable<Uint8Array>): TreeEntry {
  const { mode, uid, gid, mtime, size, linkname, pax } = header;
  const link = linkname ?? '';
  return {
    path: pathOf(header.name),
    kind,
    mode: (mode ?? 0o644) & 0o7777,
    uid: uid ?? 0,
    gid: gid ?? 0,
    mtimeNs: BigInt(mtime?.getTime() ?? 0) * 1_000_000n,
    size: kind === 'file' ? (size ?? 0) : 0,
    ...(kind === 'symlink' ? { target: Buffer.from(link) } : {}),
    ...(kind === 'hardlink' ? { target: pathOf(link) } : {}),
    ...(kind === 'char' || kind === 'block'
      ? { device: { major: header.devmajor ?? 0, minor: header.devminor ?? 0 } }
      : {}),
    xattrs: Object.entries(pax ?? {})
      .filter(([key]) => key.startsWith(XATTR_PREFIX))
      .map(([key, value]) => ({ name: key.slice(XATTR_PREFIX.length), value: Buffer.from(String(value)) })),
    ...(kind === 'file' ? { content } : {}),
  };
}

function pathOf(name: string): Buffer {
  const parts = name.split('/').filter(part => part !== '' && part !== '.');
  if (parts.includes('..')) throw invalid(`${JSON.stringify(name)} leads out of it`);
  return Buffer.from(parts.join('/'));
}

function invalid(reason: string, cause?: unknown): TinydError {
  return new TinydError('ERR_TINYD_LAYER_INVALID', `read tar archive: ${reason}`, {
    hint: 'give an uncompressed tar archive',
    cause,
  });
}
