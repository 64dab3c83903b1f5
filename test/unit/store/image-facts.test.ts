import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { chainIds, type Digest } from '@tinyd/core';
import type { ImageEntry } from '../../../packages/store/dist/images/entry';
import { FACTS_VERSION, readFacts } from '../../../packages/store/dist/images/facts-cache';
import type { StoredImage } from '../../../packages/store/dist/images/image';
import { blobPath, layerFolder, layerRecordPath, storeLayout } from '../../../packages/store/dist/layout';

const CREATED = '2026-03-01T12:00:00Z';
const LAYER_BYTES = 1000;

const digestOf = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}` as Digest;
const [shared, own] = [digestOf('shared layer'), digestOf('a layer of its own')];
const [below, above = below] = chainIds([shared, own], text => digestOf(text).slice('sha256:'.length)) as [
  Digest,
  Digest,
];

describe('facts of images', () => {
  let folder: string;
  let layout: ReturnType<typeof storeLayout>;
  let images: StoredImage[];
  /** So late that no file has only just changed. */
  const later = Date.now() + 3_600_000;

  function replace(path: string, text: string): void {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.tmp`, text);
    renameSync(`${path}.tmp`, path);
  }

  function writeLayer(chainId: Digest, contentBytes: number): void {
    const record = { schema: 1, chainId, blob: chainId, contentBytes };
    replace(layerRecordPath(layerFolder(layout, chainId)), JSON.stringify(record));
  }

  function addImage(number: number): StoredImage {
    const text = JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      created: CREATED,
      config: { Labels: { number: String(number) } },
      rootfs: { type: 'layers', diff_ids: number === 0 ? [shared, own] : [shared] },
    });
    const id = digestOf(text);
    replace(blobPath(layout, id), text);
    const entry = { imageId: id } as ImageEntry;
    return { id, entry, entries: [entry] };
  }

  const read = (nowMs = later) => readFacts(layout, images, nowMs).map(({ facts }) => facts);
  const numbers = () => read().map(({ labels: { number } }) => number);

  /** What the cache holds, as text, is changed: whoever believes it says so. */
  function forge(from: string, to: string): void {
    const text = readFileSync(layout.imageFacts, 'utf8');
    assert.ok(text.includes(from), from);
    writeFileSync(layout.imageFacts, text.replace(from, to));
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tinyd-facts-'));
    layout = storeLayout(folder);
    writeLayer(below, LAYER_BYTES);
    writeLayer(above, 1);
    images = Array.from({ length: 20 }, (_, number) => addImage(number));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('are the same with the cache and without', () => {
    const expected = images.map((_, number) => ({
      created: CREATED,
      sizeBytes: number === 0 ? LAYER_BYTES + 1 : LAYER_BYTES,
      labels: { number: String(number) },
    }));
    assert.deepEqual(read(), expected);
    forge('"number":"7"', '"number":"from the cache"');
    assert.equal(numbers()[7], 'from the cache');
    rmSync(layout.imageFacts);
    assert.deepEqual(read(), expected);
  });

  it('name what is missing or damaged, although the cache knows better', () => {
    read();
    rmSync(blobPath(layout, images[3]?.id ?? below));
    replace(blobPath(layout, images[4]?.id ?? below), '{}');
    rmSync(layerFolder(layout, above), { recursive: true });
    const now = read();
    assert.match(now[3]?.problem ?? '', /is missing/);
    assert.match(now[4]?.problem ?? '', /does not match its name/);
    assert.match(now[0]?.problem ?? '', /cannot use layer .*: it is missing/);
    assert.equal(now[5]?.problem, undefined);
  });

  it('are not kept of files that have only just changed, nor of images with a problem', () => {
    const kept = () => Object.keys(JSON.parse(readFileSync(layout.imageFacts, 'utf8')).images);
    read(Date.now());
    assert.deepEqual(kept(), []);
    rmSync(layerFolder(layout, above), { recursive: true });
    read();
    assert.deepEqual(
      kept(),
      images.slice(1).map(({ id }) => id),
    );
  });

  it('are read anew where the cache is damaged, or of another version', () => {
    read();
    forge('"number":"7"', '"number":"from the cache"');
    forge(`"version":${FACTS_VERSION}`, '"version":0');
    assert.equal(numbers()[7], '7');
    const version = `"version":${FACTS_VERSION}`;
    for (const text of ['', '{', 'null', `{${version}}`, `{${version},"layers":null,"images":null}`]) {
      writeFileSync(layout.imageFacts, text);
      assert.equal(numbers()[7], '7', text);
    }
  });

  it('are not kept of few images', () => {
    assert.equal(readFacts(layout, images.slice(0, 5), later).length, 5);
    assert.equal(existsSync(layout.imageFacts), false);
  });
});
