import type { TreeEntry } from '../entry';
import { BLOCK_BYTES, encodeHeader, padding } from './encode';

/** Makes a tar archive of a tree: same entries, same bytes. */
export async function* packTree(entries: AsyncIterable<TreeEntry>): AsyncGenerator<Uint8Array> {
  for await (const entry of entries) {
    yield encodeHeader(entry);
    if (entry.kind === 'file') yield* fileBlocks(entry);
  }
  yield Buffer.alloc(2 * BLOCK_BYTES);
}

/** The header has promised a size: a file that was cut meanwhile is filled up with zeros. */
async function* fileBlocks({ content, size }: TreeEntry): AsyncGenerator<Uint8Array> {
  let left = size;
  for await (const chunk of content ?? []) {
    left -= chunk.length;
    yield chunk;
  }
  while (left > 0) {
    const zeros = Buffer.alloc(Math.min(left, 64 * 1024));
    left -= zeros.length;
    yield zeros;
  }
  yield padding(size);
}
