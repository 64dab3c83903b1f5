import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { type RegistryServer, serveRegistry } from '@tinyd/registry';
import type { PullResult } from '@tinyd/store';
import { buildImage, type LayerDescription } from '../../support/image-builder';
import { assertSound, contentOf, unfinishedOf } from '../../support/store-files';
import { pullFrom, type TemporaryStore, temporaryStore } from '../../support/temporary-store';

const PULL = join(__dirname, '../../support/pull-process.js');

describe('several processes at one store', () => {
  let server: RegistryServer;
  let temporary: TemporaryStore;

  beforeEach(async () => {
    server = await serveRegistry();
    temporary = temporaryStore();
  });

  afterEach(async () => {
    await server.close();
    temporary.remove();
  });

  const layer = (name: string, bytes = 300_000): LayerDescription => ({
    entries: [
      { name: 'folder/', type: 'directory' },
      { name: `folder/${name}`, content: randomBytes(bytes) },
    ],
  });
  /** Its folder is implied: it must wait for the layers below. */
  const dependent = (name: string): LayerDescription => ({
    entries: [{ name: `folder/${name}`, content: name }],
  });

  async function serve(name: string, layers: readonly LayerDescription[]): Promise<string> {
    const content = await buildImage({ layers });
    server.add({ repository: `library/${name}`, tag: 'latest', content });
    return `library/${name}:latest`;
  }

  async function pullElsewhere(name: string): Promise<PullResult> {
    const child = spawn(process.execPath, [PULL, temporary.root, `${server.host}/${name}`]);
    const [output, errors] = await Promise.all([
      buffer(child.stdout),
      buffer(child.stderr),
      once(child, 'exit'),
    ]);
    assert.equal(errors.toString(), '');
    return JSON.parse(output.toString()) as PullResult;
  }

  const slowly = () =>
    server.setFault(({ target }) => (target?.type === 'blob' ? { bytesPerSecond: 3_000_000 } : undefined));

  it('fetch each blob once when they pull images that share layers', async function () {
    this.timeout(60_000);
    const [a, b, c, d, e] = [layer('a'), layer('b'), dependent('c'), layer('d'), dependent('e')];
    if (!a || !b || !c || !d || !e) throw new Error('unreachable');
    const names = await Promise.all([
      serve('one', [a, b, c, d]),
      serve('two', [a, b, c, e]),
      // The same blobs in another order make other layers.
      serve('three', [b, a, e, c]),
      serve('four', [d, c, a, b]),
    ]);
    slowly();
    const results = await Promise.all([...names, ...names].map(pullElsewhere));
    assert.deepEqual(new Set(results.map(({ imageId }) => imageId)).size, 4);
    const fetched = server.requests.filter(
      ({ method, target }) => method === 'GET' && target?.type === 'blob',
    );
    const layers = fetched.map(({ path }) => path.split('/').at(-1) ?? '');
    const configs = new Set(results.map(({ imageId }) => imageId as string));
    const ofLayers = layers.filter(digest => !configs.has(digest));
    assert.equal(ofLayers.length, new Set(ofLayers).size, 'no layer is fetched twice');
    assert.equal(ofLayers.length, 5);
    assert.equal(temporary.store.images().length, 4);
    for (const name of names) assert.equal(temporary.store.lowerDirs(`${server.host}/${name}`).length, 4);
    assertSound(temporary.root);
    assert.deepEqual(unfinishedOf(temporary.root), []);
  });

  it('pull an image of many layers side by side without a warning of node', async function () {
    this.timeout(60_000);
    const layers = Array.from({ length: 60 }, (_, i) => dependent(`file${i}`));
    const name = await serve('tall', [layer('base', 10), ...layers]);
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    try {
      await Promise.all([1, 2, 3].map(() => pullFrom(server, temporary.store, name)));
    } finally {
      process.off('warning', onWarning);
    }
    assert.deepEqual(warnings, []);
    assert.equal(temporary.store.lowerDirs(`${server.host}/${name}`).length, 61);
    assertSound(temporary.root);
  });

  it('pull, remove and prune at the same time without taking what others need', async function () {
    this.timeout(120_000);
    const shared = layer('shared');
    const kept = await serve('kept', [shared, layer('kept')]);
    const gone = await serve('gone', [shared, layer('gone', 50_000)]);
    await pullFrom(server, temporary.store, gone);
    const goneName = `${server.host}/${gone}`;
    const usedBy = () => [];
    for (let round = 0; round < 8; round++) {
      const [result] = await Promise.all([
        pullElsewhere(kept),
        temporary.store.removeImage(goneName, { usedBy }),
        temporary.store.prune({ usedBy }),
      ]);
      assert.equal(temporary.store.lowerDirs(`${server.host}/${kept}`).length, 2, `round ${round}`);
      assert.equal(temporary.store.inspectImage(result.imageId).Id, result.imageId);
      assertSound(temporary.root);
      await Promise.all([
        pullElsewhere(gone),
        temporary.store.removeImage(`${server.host}/${kept}`, { usedBy }),
      ]);
      assert.equal(temporary.store.lowerDirs(goneName).length, 2, `round ${round}`);
      assertSound(temporary.root);
    }
    await temporary.store.prune({ usedBy, all: true });
    assert.deepEqual(contentOf(temporary.root), []);
    assert.deepEqual(unfinishedOf(temporary.root), []);
  });

  it('exclude each other when one uses images and the other removes them', async () => {
    const { store } = temporary;
    const name = await serve('app', [layer('a', 10)]);
    await pullFrom(server, store, name);
    const steps: string[] = [];
    let release: (() => void) | undefined;
    const user = store.withImages('shared', async () => {
      steps.push('used');
      await new Promise<void>(resolve => {
        release = resolve;
      });
      steps.push('done');
    });
    const removal = store
      .removeImage(`${server.host}/${name}`, { usedBy: () => [] })
      .then(() => steps.push('removed'));
    await store.withImages('shared', () => steps.push('used too'));
    release?.();
    await Promise.all([user, removal]);
    assert.deepEqual(steps, ['used', 'used too', 'done', 'removed']);
  });
});
