import type { ContainerFiles } from './container-files';

const MAGIC = 'glibc-ld.so.cache1.1';
const HEADER_BYTES = 48;
const ENTRY_BYTES = 24;
const MAX_BYTES = 8 * 1024 * 1024;
const MAX_ENTRIES = 32_768;

/** Reads /etc/ld.so.cache of glibc (dl-cache.h): paths by library name. Empty without one. */
export function readLoaderCache(files: ContainerFiles): ReadonlyMap<string, readonly string[]> {
  const bytes = files.read('/etc/ld.so.cache', (readAt, size) => readAt(0, Math.min(size, MAX_BYTES)));
  return bytes === undefined ? new Map() : parseLoaderCache(bytes);
}

/** The same of the file's bytes, which may be anything. An older format may come first; the new one says where it begins. */
export function parseLoaderCache(bytes: Buffer): ReadonlyMap<string, readonly string[]> {
  const paths = new Map<string, string[]>();
  const start = bytes.indexOf(MAGIC, 0, 'latin1');
  if (start === -1 || start + HEADER_BYTES > bytes.length) return paths;
  const cache = bytes.subarray(start);
  const count = Math.min(cache.readUInt32LE(MAGIC.length), MAX_ENTRIES);
  for (let index = 0; index < count; index++) {
    const at = HEADER_BYTES + index * ENTRY_BYTES;
    if (at + ENTRY_BYTES > cache.length) break;
    const name = textAt(cache, cache.readUInt32LE(at + 4));
    paths.set(name, [...(paths.get(name) ?? []), textAt(cache, cache.readUInt32LE(at + 8))]);
  }
  return paths;
}

function textAt(bytes: Buffer, offset: number): string {
  const end = bytes.indexOf(0, offset);
  return end === -1 ? '' : bytes.toString('utf8', offset, end);
}
