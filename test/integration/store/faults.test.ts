import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { isTinydError } from '@tinyd/core';
import { type Fault, type ImageContent, type RegistryServer, serveRegistry } from '@tinyd/registry';
import type { PullEvent } from '@tinyd/store';
import { editImage, layersOf, sha256 } from '../../support/edited-image';
import { buildImage, tarOf } from '../../support/image-builder';
import { assertSound, contentOf, unfinishedOf } from '../../support/store-files';
import { pullFrom, type TemporaryStore, temporaryStore } from '../../support/temporary-store';

const APP = 'library/app:latest';

describe('pulling from a registry that misbehaves', () => {
  let server: RegistryServer;
  let temporary: TemporaryStore;
  let image: ImageContent;

  beforeEach(async () => {
    server = await serveRegistry();
    temporary = temporaryStore();
    const noise = { name: 'noise', content: randomBytes(600_000) };
    image = await buildImage({
      layers: [{ entries: [noise] }, { entries: [{ name: 'top', content: 't' }] }],
    });
    server.add({ repository: 'library/app', tag: 'latest', content: image });
  });

  afterEach(async () => {
    await server.close();
    temporary.remove();
  });

  /** Bends the answers for the big layer: the first `times` of them, or all. */
  function bend(fault: Fault, times = Number.POSITIVE_INFINITY): void {
    const [layer] = layersOf(image);
    let left = times;
    server.setFault(({ method, target }) => {
      const isMeant = method === 'GET' && target?.type === 'blob' && target.name === layer?.digest;
      return isMeant && left-- > 0 ? fault : undefined;
    });
  }

  /** Sends 300 000 bytes of the big layer and is gone from then on. */
  function goAway(): void {
    const [layer] = layersOf(image);
    let isGone = false;
    server.setFault(({ method, target }) => {
      if (isGone) return { drop: true };
      isGone = method === 'GET' && target?.type === 'blob' && target.name === layer?.digest;
      return isGone ? { truncateAfter: 300_000 } : undefined;
    });
  }

  const fetchesOf = (digest: string | undefined) =>
    server.requests.filter(({ method, path }) => method === 'GET' && digest && path.endsWith(digest)).length;

  const transient: readonly [string, Fault][] = [
    ['closes the connection in the middle', { truncateAfter: 200_000 }],
    ['ends an answer too early', { endAfter: 200_000 }],
    ['falls silent in the middle', { stallAfter: 200_000 }],
    ['closes the connection before it answers', { drop: true }],
    ['answers 500', { status: 500 }],
    ['answers 429', { status: 429, headers: { 'retry-after': '0' } }],
  ];
  for (const [what, fault] of transient) {
    it(`goes on where it stopped when the registry ${what}`, async () => {
      bend(fault, 1);
      const result = await pullFrom(server, temporary.store, APP);
      const size = [...image.blobs.values()].reduce((sum, blob) => sum + (blob as Uint8Array).length, 0);
      const manifest = image.documents.get(image.root)?.bytes.length ?? 0;
      assert.equal(result.bytesFetched, size + manifest, 'no byte is fetched twice');
      assertSound(temporary.root);
    });
  }

  it('keeps what arrived when the registry goes away, and fetches only the rest later', async () => {
    goAway();
    const [layer] = layersOf(image);
    await assert.rejects(pullFrom(server, temporary.store, APP), isTinydError);
    assert.deepEqual(temporary.store.images(), []);
    bend({}, 0);
    const before = server.requests.length;
    const result = await pullFrom(server, temporary.store, APP);
    assert.ok(result.bytesFetched <= 310_000, `${result.bytesFetched} bytes`);
    const request = server.requests.slice(before).find(({ path }) => path.endsWith(layer?.digest ?? 'none'));
    assert.match(String(request?.headers.range), /^bytes=[1-9]\d*-$/);
    assertSound(temporary.root);
  });

  it('fetches a damaged layer again from the start', async () => {
    bend({ corruptByte: 300_000 }, 1);
    const statuses: string[] = [];
    const onEvent = (event: PullEvent) => event.type === 'layer' && statuses.push(event.status);
    const result = await pullFrom(server, temporary.store, APP, { onEvent });
    assert.equal(result.status, 'downloaded');
    assert.ok(statuses.includes('retrying'));
    assertSound(temporary.root);
  });

  it('heals a partial download that was damaged on the disk', async () => {
    goAway();
    await assert.rejects(pullFrom(server, temporary.store, APP), isTinydError);
    const [layer] = layersOf(image);
    const fd = openSync(`${temporary.root}/partial/${layer?.digest.replace(':', '-')}`, 'r+');
    writeSync(fd, Buffer.alloc(1000, 1), 0, 1000, 100_000);
    closeSync(fd);
    bend({}, 0);
    await pullFrom(server, temporary.store, APP);
    assertSound(temporary.root);
  });

  it('fetches again what turns out to be damaged in the store when a layer is made of it', async () => {
    await pullFrom(server, temporary.store, APP);
    const [layer] = layersOf(image);
    rmSync(`${temporary.root}/layers`, { recursive: true });
    writeFileSync(
      `${temporary.root}/blobs/${layer?.digest.replace(':', '/')}`,
      Buffer.alloc(layer?.size ?? 0),
    );
    await pullFrom(server, temporary.store, APP);
    assertSound(temporary.root);
    assert.equal(temporary.store.lowerDirs(`${server.host}/${APP}`).length, 2);
  });

  describe('hardening 1b, digest mismatch', () => {
    const cases: readonly [string, Fault, string][] = [
      ['another layer than announced', { corruptByte: 100 }, 'ERR_TINYD_CONTENT_DIGEST'],
      ['a longer layer than announced', { extraBytes: 10 }, 'ERR_TINYD_CONTENT_SIZE'],
      ['a layer replaced as a whole', { body: 'nonsense' }, 'ERR_TINYD_CONTENT_SIZE'],
    ];
    for (const [what, fault, code] of cases) {
      it(`refuses ${what}, and leaves nothing`, async () => {
        bend(fault);
        await assert.rejects(pullFrom(server, temporary.store, APP), error => {
          assert.ok(isTinydError(error));
          assert.match(error.code, /^ERR_TINYD_(CONTENT|REGISTRY)_/);
          if (code === 'ERR_TINYD_CONTENT_DIGEST') assert.equal(error.code, code);
          return true;
        });
        assertNothingVisible(layersOf(image)[0]?.digest);
      });
    }

    it('refuses another manifest than announced', async () => {
      server.setFault(({ method, target }) =>
        method === 'GET' && target?.type === 'manifest' ? { corruptByte: 50 } : undefined,
      );
      await assert.rejects(pullFrom(server, temporary.store, APP), { code: 'ERR_TINYD_CONTENT_DIGEST' });
      assertNothingVisible(image.root);
    });

    it('refuses another config than announced', async () => {
      const config = [...image.blobs.keys()].find(
        digest => !layersOf(image).some(layer => layer.digest === digest),
      );
      server.setFault(({ target }) =>
        target?.type === 'blob' && target.name === config ? { corruptByte: 20 } : undefined,
      );
      await assert.rejects(pullFrom(server, temporary.store, APP), { code: 'ERR_TINYD_CONTENT_DIGEST' });
      assertNothingVisible(config);
    });

    it('refuses a right layer whose size was announced wrongly', async () => {
      for (const change of [-1, 1, 100]) {
        const wrong = editImage(image, {
          manifest: manifest => ({
            ...manifest,
            layers: layersOf(image).map(layer => ({ ...layer, size: layer.size + change })),
          }),
        });
        server.add({ repository: 'library/app', tag: 'latest', content: wrong });
        await assert.rejects(pullFrom(server, temporary.store, APP), error => {
          assert.ok(
            isTinydError(error) && /_(SIZE|DIGEST|PROTOCOL|UNAVAILABLE|UNREACHABLE)$/.test(error.code),
          );
          return true;
        });
        assert.deepEqual(temporary.store.images(), []);
        assert.deepEqual(
          contentOf(temporary.root).filter(path => path.startsWith('layers/')),
          [],
        );
      }
    });

    it('refuses a layer that is not what its diff ID says, without asking again', async () => {
      const wrong = editImage(image, {
        config: config => ({
          ...config,
          rootfs: { type: 'layers', diff_ids: [sha256('another'), sha256('layer')] },
        }),
      });
      server.add({ repository: 'library/app', tag: 'latest', content: wrong });
      await assert.rejects(pullFrom(server, temporary.store, APP), { code: 'ERR_TINYD_CONTENT_DIGEST' });
      assert.equal(fetchesOf(layersOf(image)[0]?.digest), 1);
      assertNothingVisible(layersOf(image)[0]?.digest);
    });

    function assertNothingVisible(digest: string | undefined): void {
      assert.ok(digest);
      assert.deepEqual(temporary.store.images(), []);
      assert.ok(!contentOf(temporary.root).includes(`blobs/${digest.replace(':', '/')}`));
      assert.deepEqual(
        contentOf(temporary.root).filter(path => /^(layers|l)\/(?!.*top)/.test(path)),
        [],
      );
      const left = unfinishedOf(temporary.root);
      assert.deepEqual(
        left.filter(path => path.startsWith('layers/') || path.startsWith('locks/')),
        [],
      );
      assertSound(temporary.root);
    }
  });

  describe('layers that cannot be unpacked', () => {
    const pullLayer = async (tar: Uint8Array, compression: 'gzip' | 'none' = 'none') => {
      const content = await buildImage({ layers: [{ tar, compression }] });
      server.add({ repository: 'library/bad', tag: 'latest', content });
      return pullFrom(server, temporary.store, 'library/bad:latest');
    };

    it('refuses what is no archive', async () => {
      await assert.rejects(pullLayer(randomBytes(4096)), { code: 'ERR_TINYD_LAYER_INVALID' });
      assert.deepEqual(
        contentOf(temporary.root).filter(path => path.startsWith('layers/')),
        [],
      );
    });

    it('refuses an archive that climbs out', async () => {
      const tar = await tarOf([{ name: 'x', content: 'x' }]);
      tar.write('../../escaped', 0);
      fixChecksum(tar);
      await assert.rejects(pullLayer(tar, 'gzip'), { code: 'ERR_TINYD_LAYER_ESCAPE' });
      assert.deepEqual(
        unfinishedOf(temporary.root).filter(path => path.startsWith('layers/')),
        [],
      );
    });

    it('refuses an archive that was cut, though its digests fit', async () => {
      const tar = await tarOf([{ name: 'x', content: 'x'.repeat(5000) }]);
      await assert.rejects(pullLayer(tar.subarray(0, 2048)), { code: 'ERR_TINYD_LAYER_INVALID' });
    });
  });
});

/** Makes the first header of a tar valid after it was changed (POSIX ustar). */
function fixChecksum(tar: Buffer): void {
  tar.fill(' ', 148, 156);
  const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
}
