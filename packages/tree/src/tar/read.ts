import { Readable } from 'node:stream';
import { TinydError } from '@tinyd/core';
import type { Xattr } from '@tinyd/native';
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
/** The records of one extended header; the reader's own types say nothing of them. */
type PaxRecords = Readonly<Record<string, unknown>> | null | undefined;

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
      yield describe(header, kind, contentOf(member as AsyncIterable<Uint8Array>));
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
  const { mode, uid, gid, mtime, size, linkname } = header;
  const pax = header.pax as PaxRecords;
  const link = linkname ?? '';
  return {
    path: pathOf(header.name),
    kind,
    mode: (mode ?? 0o644) & 0o7777,
    uid: numberOf(pax, 'uid') ?? uid ?? 0,
    gid: numberOf(pax, 'gid') ?? gid ?? 0,
    mtimeNs: timeOf(pax) ?? BigInt(mtime?.getTime() ?? 0) * 1_000_000n,
    size: kind === 'file' ? (size ?? 0) : 0,
    ...(kind === 'symlink' ? { target: Buffer.from(link) } : {}),
    ...(kind === 'hardlink' ? { target: pathOf(link) } : {}),
    ...(kind === 'char' || kind === 'block'
      ? { device: { major: header.devmajor ?? 0, minor: header.devminor ?? 0 } }
      : {}),
    xattrs: Object.entries(pax ?? {})
      .filter(([key]) => key.startsWith(XATTR_PREFIX))
      .map(([key, value]) => xattrOf(header.name, key.slice(XATTR_PREFIX.length), String(value))),
    ...(kind === 'file' ? { content } : {}),
  };
}

/** What the archive lacks is found out by whoever reads it. */
async function* contentOf(member: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* member;
  } catch (error) {
    throw error instanceof TinydError ? error : invalid((error as Error).message, error);
  }
}

function numberOf(pax: PaxRecords, key: string): number | undefined {
  const text = String(pax?.[key] ?? '');
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

/** Decimal seconds with a fraction (POSIX pax, "pax Extended Header"). */
function timeOf(pax: PaxRecords): bigint | undefined {
  const [, sign, seconds, fraction = ''] =
    /^(-?)(\d{1,18})(?:\.(\d+))?$/.exec(String(pax?.mtime ?? '')) ?? [];
  if (seconds === undefined) return undefined;
  const ns = BigInt(seconds) * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
  return sign === '-' ? -ns : ns;
}

/** The reader decodes values as UTF-8: one that is not is lost, and must not become another. */
function xattrOf(path: string, name: string, value: string): Xattr {
  if (value.includes('\ufffd')) throw invalid(`${path}: the attribute ${name} is not text`);
  return { name, value: Buffer.from(value) };
}

function pathOf(name: string): Buffer {
  const parts = name.split('/').filter(part => part !== '' && part !== '.');
  if (parts.includes('..')) throw invalid(`${JSON.stringify(name)} leads out of it`);
  return Buffer.from(parts.join('/'));
}

function invalid(reason: string, cause?: unknown): TinydError {
  return new TinydError('ERR_TINYD_LAYER_INVALID', `cannot read tar archive: ${reason}`, {
    hint: 'give a tar archive',
    cause,
  });
}
