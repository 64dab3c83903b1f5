import { strict as assert } from 'node:assert';
import { buffer } from 'node:stream/consumers';
import { packTree, readTar, type TreeEntry } from '@tinyd/tree';

const BASE = { mode: 0o644, uid: 0, gid: 0, mtimeNs: 0n, size: 0, xattrs: [] } as const;

async function* stream<T>(...items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

function file(path: string, text: string, more: Partial<TreeEntry> = {}): TreeEntry {
  const bytes = Buffer.from(text);
  return {
    ...BASE,
    path: Buffer.from(path),
    kind: 'file',
    size: bytes.length,
    content: stream(bytes),
    ...more,
  };
}

async function pack(...entries: readonly TreeEntry[]): Promise<Buffer> {
  return buffer(packTree(stream(...entries)));
}

async function read(archive: Uint8Array): Promise<{ entry: TreeEntry; text: string }[]> {
  const found: { entry: TreeEntry; text: string }[] = [];
  for await (const entry of readTar(stream(archive))) {
    found.push({ entry, text: entry.content === undefined ? '' : (await buffer(entry.content)).toString() });
  }
  return found;
}

describe('tar archives', () => {
  it('bring back what was packed', async () => {
    const long = `${'d'.repeat(150)}/${'n'.repeat(200)}`;
    const entries: TreeEntry[] = [
      { ...BASE, path: Buffer.from('folder'), kind: 'folder', mode: 0o1777 },
      file('folder/täxt', 'content', { uid: 3_000_000, gid: 4_000_000, mtimeNs: 1_500_000_000_250_000_000n }),
      file(long, 'x'.repeat(600)),
      { ...BASE, path: Buffer.from('link'), kind: 'symlink', target: Buffer.from(`/${long}`) },
      { ...BASE, path: Buffer.from('twin'), kind: 'hardlink', target: Buffer.from('folder/täxt') },
      { ...BASE, path: Buffer.from('null'), kind: 'char', device: { major: 1, minor: 3 } },
      { ...BASE, path: Buffer.from('fifo'), kind: 'fifo' },
    ];
    const found = await read(await pack(...entries));
    assert.deepEqual(
      found.map(({ entry }) => ({ ...entry, content: undefined })),
      entries.map(entry => ({ ...entry, content: undefined })),
    );
    assert.deepEqual([found[1]?.text, found[2]?.text.length], ['content', 600]);
  });

  it('have attributes as bytes', async () => {
    const value = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    const archive = await pack(file('f', '', { xattrs: [{ name: 'user.raw', value }] }));
    assert.ok(archive.includes(Buffer.concat([Buffer.from('SCHILY.xattr.user.raw='), value])));
    await assert.rejects(read(archive), { code: 'ERR_TINYD_LAYER_INVALID' });
  });

  it('are filled up where a file was cut while it was packed', async () => {
    const [found] = await read(await pack({ ...file('f', 'abc'), size: 2000 }));
    assert.equal(found?.text, `abc${'\0'.repeat(1997)}`);
  });

  it('are refused when cut, when no archive, and when a name leads out', async () => {
    const archive = await pack(file('f', 'x'.repeat(5000)));
    const cases = [archive.subarray(0, 1000), archive.subarray(0, 1024), Buffer.alloc(1024, 'x')];
    for (const bad of [...cases, await pack(file('../f', '')), await pack(file('a/../../f', ''))]) {
      await assert.rejects(read(bad), { code: 'ERR_TINYD_LAYER_INVALID' });
    }
  });
});
