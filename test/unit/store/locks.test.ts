import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { acquireLock, tryAcquireLock } from '../../../packages/store/dist/content/object-lock';
import { storeLayout } from '../../../packages/store/dist/layout';
import { findLeases, isHonoured, PullLease, removeLeases } from '../../../packages/store/dist/pull/lease';
import { checkRoot, prepareRoot } from '../../../packages/store/dist/root-folder';
import { temporaryFolder } from '../../support/temporary-store';

describe('locks of a store', () => {
  let root: string;
  beforeEach(() => {
    root = temporaryFolder('locks');
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('exclude each other and leave no file', async () => {
    const path = join(root, 'lock');
    const first = tryAcquireLock(path);
    assert.ok(first);
    assert.equal(tryAcquireLock(path), undefined);
    let waited = 0;
    const second = acquireLock(path, { onWait: () => waited++ });
    await new Promise(resolve => setTimeout(resolve, 30));
    first.release();
    (await second).release();
    assert.ok(waited > 0);
    assert.ok(!existsSync(path));
  });

  it('never have two holders, though each holder removes the file', async () => {
    const path = join(root, 'lock');
    let holders = 0;
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        for (let i = 0; i < 20; i++) {
          const lock = await acquireLock(path);
          assert.equal(++holders, 1);
          await new Promise(setImmediate);
          holders--;
          lock.release();
        }
      }),
    );
  });

  it('are given up by an abort', async () => {
    const path = join(root, 'lock');
    const held = tryAcquireLock(path);
    const stop = new AbortController();
    const waiting = acquireLock(path, { signal: stop.signal });
    stop.abort(new Error('stopped'));
    await assert.rejects(waiting);
    held?.release();
  });

  it('keep what a live or a freshly interrupted pull claims', async () => {
    const layout = storeLayout(root);
    await prepareRoot(layout);
    const lease = PullLease.open(layout);
    lease.claim({ reference: 'r', platform: 'p', blobs: [], chainIds: [] });
    assert.deepEqual(
      findLeases(layout).map(({ id, isLive, reference }) => [id, isLive, reference]),
      [[lease.id, true, 'r']],
    );
    removeLeases(layout, () => true);
    assert.equal(findLeases(layout).length, 1, 'a live one is never removed');
    lease.abandon();
    const [found] = findLeases(layout);
    assert.ok(found && !found.isLive);
    assert.equal(isHonoured(found, Date.now()), true);
    assert.equal(isHonoured(found, Date.now() + 25 * 3600 * 1000), false);
    removeLeases(layout, () => true);
    assert.deepEqual(findLeases(layout), []);
  });
});

describe('the root folder of a store', () => {
  let root: string;
  beforeEach(() => {
    root = temporaryFolder('root');
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('is made once by many at a time', async () => {
    const layout = storeLayout(join(root, 'a/b'));
    assert.equal(checkRoot(layout), false);
    await Promise.all(Array.from({ length: 8 }, () => prepareRoot(layout)));
    assert.equal(checkRoot(layout), true);
  });

  it('is refused when a newer tinyd made it', async () => {
    const layout = storeLayout(root);
    await prepareRoot(layout);
    writeFileSync(layout.ociLayout, '{"imageLayoutVersion":"1.0.0","io.tinyd.store.version":2}');
    assert.throws(() => checkRoot(layout), { code: 'ERR_TINYD_STORE_INVALID' });
  });

  for (const text of [
    '',
    '{',
    '[]',
    'null',
    '{"imageLayoutVersion":"1.0.0"}',
    '{"imageLayoutVersion":"2.0.0","io.tinyd.store.version":1}',
  ]) {
    it(`is refused when its marker reads ${JSON.stringify(text)}`, () => {
      const layout = storeLayout(root);
      writeFileSync(layout.ociLayout, text);
      assert.throws(() => checkRoot(layout), { code: 'ERR_TINYD_STORE_INVALID' });
    });
  }

  it('is completed where a killed process left off', async () => {
    const layout = storeLayout(root);
    mkdirSync(layout.blobs);
    writeFileSync(`${layout.index}.tmp`, '{"sche');
    await prepareRoot(layout);
    assert.equal(checkRoot(layout), true);
  });
});
