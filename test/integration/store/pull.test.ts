import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { isTinydError } from '@tinyd/core';
import { type ImageContent, makeIndex, type RegistryServer, serveRegistry } from '@tinyd/registry';
import { openStore, type PullEvent } from '@tinyd/store';
import { editImage, layersOf, sha256 } from '../../support/edited-image';
import { buildImage } from '../../support/image-builder';
import { assertSound, contentOf, treeOf, unfinishedOf } from '../../support/store-files';
import { pullFrom, type TemporaryStore, temporaryStore } from '../../support/temporary-store';

const APP = 'library/app:latest';
const base = [
  { name: 'etc/', type: 'directory' as const, mode: 0o711, uid: 7 },
  { name: 'etc/motd', content: 'hello\n' },
];
const top = [
  { name: 'etc/motd', content: 'changed\n' },
  { name: 'srv/', type: 'directory' as const },
  { name: 'srv/data', content: 'x'.repeat(5000) },
];

describe('pulling an image into a store', () => {
  let server: RegistryServer;
  let temporary: TemporaryStore;
  let image: ImageContent;

  const serve = (content: ImageContent, repository = 'library/app', tag = 'latest') =>
    server.add({ repository, tag, content });
  const gets = (kind: string) =>
    server.requests.filter(({ method, target }) => method === 'GET' && target?.type === kind);

  beforeEach(async () => {
    server = await serveRegistry();
    temporary = temporaryStore();
    image = await buildImage({ layers: [{ entries: base }, { entries: top }] });
    serve(image);
  });

  afterEach(async () => {
    await server.close();
    temporary.remove();
  });

  it('keeps documents and layers as an OCI image layout, and unpacks the layers', async () => {
    const { root, store } = temporary;
    const result = await pullFrom(server, store, APP);
    assert.equal(result.status, 'downloaded');
    assert.equal(result.digest, image.root);
    assert.equal(result.reference, `${server.host}/${APP}`);
    const [topDir = '', baseDir = ''] = store.lowerDirs(`${server.host}/${APP}`);
    assert.equal(readFileSync(join(topDir, 'srv/data'), 'utf8'), 'x'.repeat(5000));
    assert.equal(readFileSync(join(baseDir, 'etc/motd'), 'utf8'), 'hello\n');
    assertSound(root);
    assert.deepEqual(unfinishedOf(root), []);
    assert.equal(
      readFileSync(join(root, 'oci-layout'), 'utf8').includes('"imageLayoutVersion":"1.0.0"'),
      true,
    );
    for (const digest of [...image.documents.keys(), ...image.blobs.keys()]) {
      assert.ok(statSync(join(root, 'blobs', digest.replace(':', '/'))).isFile());
    }
  });

  it('takes mode and owner of a folder that a layer only implies from the layer below', async () => {
    await pullFrom(server, temporary.store, APP);
    const [topDir = ''] = temporary.store.lowerDirs(`${server.host}/${APP}`);
    const { mode, uid } = statSync(join(topDir, 'etc'));
    assert.deepEqual([mode & 0o7777, uid], [0o711, 7]);
  });

  it('lets nobody but the owner into the root folder', async () => {
    await pullFrom(server, temporary.store, APP);
    const modes = ['', 'blobs', 'layers', 'partial'].map(
      name => statSync(join(temporary.root, name)).mode & 0o777,
    );
    assert.deepEqual(modes, [0o700, 0o700, 0o700, 0o700]);
  });

  it('records where a layer came from', async () => {
    await pullFrom(server, temporary.store, APP);
    const [topDir = ''] = temporary.store.lowerDirs(`${server.host}/${APP}`);
    const record = JSON.parse(readFileSync(join(dirname(realpathSync(topDir)), 'layer.json'), 'utf8'));
    const [, layer] = layersOf(image);
    assert.equal(record.source, `${server.url}/library/app`);
    assert.equal(record.blob, layer?.digest);
    assert.equal(record.blobSize, layer?.size);
    assert.equal(record.contentBytes, 5008);
    assert.equal(record.compression, 'gzip');
  });

  it('links layers by short relative names', async () => {
    await pullFrom(server, temporary.store, APP);
    const { lowerDirs } = temporary.store.imageForContainer(`${server.host}/${APP}`);
    assert.equal(lowerDirs.length, 2);
    for (const link of lowerDirs) {
      assert.match(link, /^l\/[0-9a-f]{24}$/);
      assert.match(readlinkSync(join(temporary.root, link)), /^\.\.\/layers\/[0-9a-f]{64}\/diff$/);
    }
  });

  it('asks once and fetches nothing when the image is there', async () => {
    await pullFrom(server, temporary.store, APP);
    const before = server.requests.length;
    const again = await pullFrom(server, temporary.store, APP);
    assert.deepEqual([again.status, again.bytesFetched], ['up-to-date', 0]);
    assert.deepEqual(
      server.requests.slice(before).map(({ method, target }) => [method, target?.type]),
      [['HEAD', 'manifest']],
    );
  });

  it('fetches a blob that the manifest names twice once', async () => {
    const twice = await buildImage({ layers: [{ entries: base }, { entries: top }, { entries: base }] });
    serve(twice, 'library/twice');
    await pullFrom(server, temporary.store, 'library/twice:latest');
    const blobs = gets('blob').map(({ path }) => path);
    assert.equal(new Set(blobs).size, blobs.length);
    assert.equal(temporary.store.lowerDirs(`${server.host}/library/twice`).length, 3);
  });

  it('fetches only the layers that other images did not bring', async () => {
    await pullFrom(server, temporary.store, APP);
    const more = await buildImage({
      layers: [{ entries: base }, { entries: [{ name: 'new', content: 'n' }] }],
    });
    serve(more, 'library/more');
    const before = gets('blob').length;
    await pullFrom(server, temporary.store, 'library/more:latest');
    assert.equal(gets('blob').length - before, 2, 'its config and its top layer');
  });

  it('makes a missing layer from its blob without asking for the blob', async () => {
    const { root, store } = temporary;
    await pullFrom(server, store, APP);
    const [topDir = ''] = store.lowerDirs(`${server.host}/${APP}`);
    const tree = treeOf(topDir);
    rmSync(join(root, 'layers', readlinkSync(topDir).split('/')[2] ?? 'none'), { recursive: true });
    assert.throws(() => store.lowerDirs(`${server.host}/${APP}`), { code: 'ERR_TINYD_STORE_INVALID' });
    const before = gets('blob').length;
    await pullFrom(server, store, APP);
    assert.equal(gets('blob').length, before);
    assert.deepEqual(treeOf(topDir), tree);
  });

  it('accepts plain, zstd and docker layers', async () => {
    for (const compression of ['none', 'zstd', 'gzip'] as const) {
      for (const dialect of ['oci', 'docker'] as const) {
        const name = `library/${compression}-${dialect}`;
        serve(await buildImage({ layers: [{ entries: top, compression }], dialect }), name);
        await pullFrom(server, temporary.store, `${name}:latest`);
      }
    }
    assert.equal(contentOf(temporary.root).filter(path => path.startsWith('layers/')).length, 1);
  });

  it('reports the steps of each layer in order', async () => {
    const events: PullEvent[] = [];
    await pullFrom(server, temporary.store, APP, { onEvent: event => events.push(event) });
    assert.deepEqual(events[0], { type: 'resolved', digest: image.root });
    const layers = layersOf(image).map(({ digest, size }) => ({ digest, size }));
    assert.deepEqual(events[1], { type: 'layers', layers });
    for (const { digest, size } of layers) {
      const own = events.flatMap(event => (event.type === 'layer' && event.digest === digest ? [event] : []));
      const steps = own.map(({ status }) => status);
      assert.deepEqual(
        [...new Set(steps)].filter(step => step !== 'unpacking'),
        ['waiting', 'downloading', 'done'],
      );
      assert.equal(own.at(-1)?.bytes, size);
      const bytes = own.map(event => event.bytes);
      assert.deepEqual(
        bytes,
        [...bytes].sort((a, b) => a - b),
      );
    }
  });

  it('pulls by digest without a name for tags', async () => {
    const name = `library/app@${image.root}`;
    await pullFrom(server, temporary.store, name);
    const [row] = temporary.store.images();
    assert.deepEqual([row?.tag, row?.digest, row?.isDangling], [undefined, image.root, true]);
    assert.deepEqual(row?.repoDigests, [`${server.host}/${name}`]);
    const before = server.requests.length;
    const again = await pullFrom(server, temporary.store, name);
    assert.equal(again.status, 'up-to-date');
    assert.equal(server.requests.length, before, 'a digest that is known needs no registry');
  });

  it('ends with nothing visible when it is cancelled, and goes on from there', async () => {
    const large = await buildImage({
      layers: [{ entries: [{ name: 'f', content: randomBytes(2_000_000) }], compression: 'none' }],
    });
    serve(large, 'library/large');
    server.setFault(({ target }) => (target?.type === 'blob' ? { bytesPerSecond: 4_000_000 } : undefined));
    const stop = new AbortController();
    const onEvent = (event: PullEvent) => {
      if (event.type === 'layer' && event.bytes > 500_000) stop.abort();
    };
    const pull = pullFrom(server, temporary.store, 'library/large:latest', { signal: stop.signal, onEvent });
    await assert.rejects(pull, { code: 'ERR_TINYD_CANCELLED' });
    assert.deepEqual(temporary.store.images(), []);
    server.setFault(undefined);
    const result = await pullFrom(server, temporary.store, 'library/large:latest');
    assert.ok(result.bytesFetched < 1_600_000, `${result.bytesFetched} bytes were fetched again`);
    assertSound(temporary.root);
    assert.deepEqual(unfinishedOf(temporary.root), []);
  });

  it('refuses a root folder that belongs to something else', async () => {
    const root = join(temporary.root, 'etc');
    mkdirSync(root);
    writeFileSync(join(root, 'passwd'), '');
    await assert.rejects(pullFrom(server, openStore({ root }), APP), { code: 'ERR_TINYD_STORE_INVALID' });
    assert.deepEqual(readdirSync(root), ['passwd']);
  });

  describe('platforms', () => {
    const build = (architecture: string, variant?: string) =>
      buildImage({
        layers: [{ entries: [{ name: architecture, content: architecture }] }],
        platform: { os: 'linux', architecture, ...(variant && { variant }) },
      });

    it('keeps images of several platforms under one name', async () => {
      const index = makeIndex([await build('arm64', 'v8'), await build('amd64'), await build('riscv64')]);
      serve(index);
      const { store } = temporary;
      const name = `${server.host}/${APP}`;
      const own = await pullFrom(server, store, APP);
      const other = await pullFrom(server, store, APP, { platform: 'linux/arm64' });
      assert.notEqual(own.imageId, other.imageId);
      assert.equal(own.digest, other.digest);
      assert.deepEqual(
        store
          .images()
          .map(({ id, platform, tag }) => [id, platform, tag])
          .sort(),
        [
          [own.imageId, 'linux/amd64', 'latest'],
          [other.imageId, 'linux/arm64', 'latest'],
        ].sort(),
      );
      assert.equal(store.findImage(name).id, own.imageId);
      assert.equal(store.findImage(name, { os: 'linux', architecture: 'arm64' }).id, other.imageId);
      assert.throws(() => store.findImage(name, { os: 'linux', architecture: 's390x' }), {
        code: 'ERR_TINYD_IMAGE_NOT_FOUND',
      });
      assert.equal((await pullFrom(server, store, APP, { platform: 'linux/arm64' })).status, 'up-to-date');
    });

    it('lists what an index has when nothing fits', async () => {
      serve(makeIndex([await build('arm64'), await build('riscv64')]));
      await assert.rejects(pullFrom(server, temporary.store, APP), error => {
        assert.ok(isTinydError(error));
        assert.equal(error.code, 'ERR_TINYD_PLATFORM_UNAVAILABLE');
        assert.deepEqual(error.details.available, ['linux/arm64', 'linux/riscv64']);
        assert.match(error.message, /^cannot pull \S+\/library\/app:latest: no image for linux\/amd64: has /);
        return true;
      });
    });

    it('warns of a single image for another platform, and refuses it when the platform was asked for', async () => {
      serve(await build('arm64'));
      await assert.rejects(pullFrom(server, temporary.store, APP, { platform: 'linux/amd64' }), {
        code: 'ERR_TINYD_PLATFORM_UNAVAILABLE',
      });
      assert.deepEqual(temporary.store.images(), []);
      const { warnings } = await pullFrom(server, temporary.store, APP);
      assert.equal(warnings.length, 1);
      assert.match(warnings[0] ?? '', /linux\/arm64/);
    });
  });

  it('keeps the image that lost its tag, without a name', async () => {
    const { store } = temporary;
    const first = await pullFrom(server, store, APP);
    serve(await buildImage({ layers: [{ entries: [{ name: 'new', content: 'n' }] }] }));
    const second = await pullFrom(server, store, APP);
    assert.equal(second.status, 'downloaded');
    const rows = store.images().map(({ id, tag, isDangling }) => ({ id, tag, isDangling }));
    assert.equal(rows.length, 2);
    assert.ok(rows.some(row => row.id === first.imageId && row.tag === undefined && row.isDangling));
    assert.ok(rows.some(row => row.id === second.imageId && row.tag === 'latest'));
  });

  it('leaves nothing of a pull that found no image', async () => {
    await assert.rejects(pullFrom(server, temporary.store, 'library/app:absent'), {
      code: 'ERR_TINYD_REGISTRY_NOT_FOUND',
    });
    assert.deepEqual(unfinishedOf(temporary.root), []);
  });

  it('says that it cannot unpack a config that does not describe its layers', async () => {
    serve(
      editImage(image, {
        config: config => ({ ...config, rootfs: { type: 'layers', diff_ids: [sha256('x')] } }),
      }),
    );
    await assert.rejects(pullFrom(server, temporary.store, APP), { code: 'ERR_TINYD_DOCUMENT_INVALID' });
    assert.deepEqual(temporary.store.images(), []);
  });

  it('leaves files of the layers with the owner and mode that the archive gives, whatever the umask', async () => {
    const before = process.umask(0o077);
    try {
      await pullFrom(server, temporary.store, APP);
    } finally {
      process.umask(before);
    }
    const [topDir = ''] = temporary.store.lowerDirs(`${server.host}/${APP}`);
    assert.equal(lstatSync(join(topDir, 'srv/data')).mode & 0o7777, 0o644);
    assert.equal(statSync(topDir).mode & 0o7777, 0o755);
  });
});
