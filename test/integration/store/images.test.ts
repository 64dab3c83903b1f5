import assert from 'node:assert/strict';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isTinydError, MEDIA_TYPES } from '@tinyd/core';
import { makeIndex, type RegistryServer, serveRegistry } from '@tinyd/registry';
import type { ContainerUse, RemovedItem } from '@tinyd/store';
import { buildImage } from '../../support/image-builder';
import { assertSound, contentOf } from '../../support/store-files';
import { pullFrom, type TemporaryStore, temporaryStore } from '../../support/temporary-store';

describe('the images of a store', () => {
  let server: RegistryServer;
  let temporary: TemporaryStore;
  let app: string;
  let web: string;
  let appId: string;
  let webId: string;
  const unused = { usedBy: () => [] };
  const user = (isRunning: boolean): ContainerUse => ({ id: 'f'.repeat(64), name: 'web-1', isRunning });

  beforeEach(async () => {
    server = await serveRegistry();
    temporary = temporaryStore();
    const base = { entries: [{ name: 'base', content: 'b'.repeat(1000) }] };
    const config = { Cmd: ['/app'], Env: ['A=1'], Labels: { 'io.tinyd.image.id': 'forged', maker: 'me' } };
    const images = {
      app: await buildImage({
        layers: [base, { entries: [{ name: 'app', content: 'a'.repeat(20) }] }],
        config,
      }),
      web: await buildImage({ layers: [base, { entries: [{ name: 'web', content: 'w'.repeat(300) }] }] }),
    };
    for (const [name, content] of Object.entries(images)) {
      server.add({ repository: `library/${name}`, tag: 'latest', content });
    }
    app = `${server.host}/library/app`;
    web = `${server.host}/library/web`;
    appId = (await pullFrom(server, temporary.store, 'library/app:latest')).imageId;
    webId = (await pullFrom(server, temporary.store, 'library/web:latest')).imageId;
  });

  afterEach(async () => {
    await server.close();
    temporary.remove();
  });

  it('are listed with names, size and labels', () => {
    const row = temporary.store.images().find(({ id }) => id === appId);
    assert.ok(row);
    assert.deepEqual([row.repository, row.tag, row.sizeBytes], [app, 'latest', 1020]);
    assert.deepEqual(row.repoTags, [`${app}:latest`]);
    assert.match(row.repoDigests[0] ?? '', /^127\.0\.0\.1:\d+\/library\/app@sha256:[0-9a-f]{64}$/);
    assert.equal(row.labels.maker, 'me');
    assert.equal(row.created, '2024-01-01T00:00:00Z');
  });

  it('are found by every form of name and ID', () => {
    const { store } = temporary;
    const hex = appId.slice('sha256:'.length);
    const [row] = store.images().filter(({ id }) => id === appId);
    for (const text of [
      app,
      `${app}:latest`,
      appId,
      hex,
      hex.slice(0, 12),
      `sha256:${hex.slice(0, 10)}`,
      row?.digest ?? '',
    ]) {
      assert.equal(store.findImage(text).id, appId, text);
    }
    assert.equal(store.findImage(`${app}@${row?.digest}`).id, appId);
  });

  it('are not found under other names, which are told from near ones', () => {
    assert.throws(
      () => temporary.store.findImage(`${server.host}/library/ap`),
      error => {
        assert.ok(isTinydError(error));
        assert.equal(error.code, 'ERR_TINYD_IMAGE_NOT_FOUND');
        assert.deepEqual(error.details.near, [`${app}:latest`]);
        return true;
      },
    );
    assert.throws(() => temporary.store.findImage('nothing-like-it'), { code: 'ERR_TINYD_IMAGE_NOT_FOUND' });
    assert.throws(() => temporary.store.findImage('Not A Name'), { code: 'ERR_TINYD_REFERENCE_INVALID' });
  });

  it('say what an ambiguous prefix may mean', async () => {
    // 17 images: two IDs must begin with the same digit.
    for (let i = 0; i < 15; i++) {
      const content = await buildImage({ layers: [], config: { Labels: { number: String(i) } } });
      server.add({ repository: `library/n${i}`, tag: 'latest', content });
      await pullFrom(server, temporary.store, `library/n${i}:latest`);
    }
    const ids = temporary.store.images().map(({ id }) => id.slice('sha256:'.length));
    const digit = ids.map(id => id.slice(0, 1)).find((each, i, all) => all.indexOf(each) !== i);
    assert.ok(digit);
    assert.throws(
      () => temporary.store.findImage(digit),
      error => {
        assert.ok(isTinydError(error));
        assert.equal(error.code, 'ERR_TINYD_IMAGE_AMBIGUOUS');
        const expected = ids.filter(id => id.startsWith(digit)).map(id => `sha256:${id}`);
        assert.deepEqual([...(error.details.matches as string[])].sort(), expected.sort());
        return true;
      },
    );
  });

  it("are inspected with docker's keys", () => {
    const inspection = temporary.store.inspectImage(app);
    assert.equal(inspection.Id, appId);
    assert.deepEqual(inspection.RepoTags, [`${app}:latest`]);
    assert.deepEqual(inspection.Config.Cmd, ['/app']);
    assert.deepEqual([inspection.Os, inspection.Architecture, inspection.Size], ['linux', 'amd64', 1020]);
    assert.equal(inspection.RootFS.Layers.length, 2);
    const { LowerDir = '', UpperDir = '' } = inspection.GraphDriver.Data;
    assert.equal(readFileSync(join(UpperDir, 'app'), 'utf8'), 'a'.repeat(20));
    assert.equal(readFileSync(join(LowerDir, 'base'), 'utf8'), 'b'.repeat(1000));
    assert.ok(Date.parse(inspection.Metadata.LastTagTime) > Date.now() - 60_000);
  });

  it('have a history with a size for each layer', () => {
    const rows = temporary.store.history(app);
    assert.deepEqual(
      rows.map(({ id, createdBy, sizeBytes }) => [id, createdBy, sizeBytes]),
      [
        [appId, 'layer 2', 20],
        [undefined, 'layer 1', 1000],
      ],
    );
  });

  it('give the runtime what a container needs', () => {
    const image = temporary.store.imageForContainer(app);
    assert.deepEqual([image.id, image.name, image.config.config?.Env], [appId, app, ['A=1']]);
    const [top = '', base = ''] = image.lowerDirs.map(link => join(temporary.root, link));
    assert.ok(statSync(join(top, 'app')).isFile() && statSync(join(base, 'base')).isFile());
  });

  it('take further names, which may move', async () => {
    const { store } = temporary;
    await store.tag(app, 'mine:1');
    assert.deepEqual([...store.inspectImage(appId).RepoTags].sort(), [`${app}:latest`, 'mine:1'].sort());
    assert.equal(store.findImage('docker.io/library/mine:1').id, appId);
    await store.tag(web, 'mine:1');
    assert.equal(store.findImage('mine:1').id, webId);
    assert.equal(store.images().length, 3);
    await assert.rejects(store.tag(app, `mine@${appId}`), { code: 'ERR_TINYD_REFERENCE_INVALID' });
    await assert.rejects(store.tag('absent', 'mine:2'), { code: 'ERR_TINYD_IMAGE_NOT_FOUND' });
  });

  describe('are removed', () => {
    const untagged = (items: readonly RemovedItem[]) =>
      items.flatMap(item => ('untagged' in item ? [item.untagged] : []));
    const deleted = (items: readonly RemovedItem[]) =>
      items.flatMap(item => ('deleted' in item ? [item.deleted] : []));

    it('with the layers that nobody else needs', async () => {
      const items = await temporary.store.removeImage(app, unused);
      assert.equal(untagged(items).length, 2, 'the tag and the digest');
      assert.equal(deleted(items)[0], appId);
      assert.equal(deleted(items).length, 2, 'the image and its own layer');
      assert.equal(temporary.store.lowerDirs(web).length, 2);
      await temporary.store.removeImage(webId.slice(7, 19), unused);
      assert.deepEqual(contentOf(temporary.root), []);
      assert.deepEqual(temporary.store.images(), []);
    });

    it('only when their last name goes', async () => {
      await temporary.store.tag(app, 'mine');
      assert.deepEqual(await temporary.store.removeImage('mine', unused), [{ untagged: 'mine:latest' }]);
      assert.equal(temporary.store.findImage(app).id, appId);
    });

    it('by ID only by force while they have several names', async () => {
      await temporary.store.tag(app, 'mine');
      await assert.rejects(temporary.store.removeImage(appId, unused), { code: 'ERR_TINYD_IMAGE_IN_USE' });
      const items = await temporary.store.removeImage(appId, { ...unused, force: true });
      assert.deepEqual(new Set(untagged(items)).size, 3);
      assert.ok(deleted(items).includes(appId));
    });

    it('not while a container uses them, which is named', async () => {
      for (const isRunning of [true, false]) {
        const usedBy = () => [user(isRunning)];
        for (const text of [app, appId]) {
          await assert.rejects(temporary.store.removeImage(text, { usedBy }), error => {
            assert.ok(isTinydError(error) && error.code === 'ERR_TINYD_IMAGE_IN_USE');
            assert.match(error.message, /web-1/);
            return true;
          });
        }
      }
      assert.equal(temporary.store.findImage(app).id, appId);
    });

    it('by force only from their names while a container uses them', async () => {
      const usedBy = () => [user(false)];
      const items = await temporary.store.removeImage(appId, { usedBy, force: true });
      assert.deepEqual(deleted(items), []);
      assert.equal(untagged(items).length, 2);
      assert.equal(temporary.store.lowerDirs(appId).length, 2, 'the container needs them');
      await assert.rejects(temporary.store.removeImage(appId, { usedBy, force: true }), {
        code: 'ERR_TINYD_IMAGE_IN_USE',
      });
      await temporary.store.removeImage(appId, unused);
      assert.throws(() => temporary.store.findImage(appId), { code: 'ERR_TINYD_IMAGE_NOT_FOUND' });
    });

    it('never by ID from under a running container', async () => {
      const usedBy = () => [user(true)];
      await assert.rejects(temporary.store.removeImage(appId, { usedBy, force: true }), {
        code: 'ERR_TINYD_IMAGE_IN_USE',
      });
      assert.equal(temporary.store.findImage(app).id, appId);
    });

    it('by pruning, when they have no tag and no container', async () => {
      await temporary.store.tag(web, `${app}:latest`);
      const { removed } = await temporary.store.prune({ usedBy: id => (id === appId ? [user(false)] : []) });
      assert.deepEqual(removed, []);
      const second = await temporary.store.prune(unused);
      assert.ok(deleted(second.removed).includes(appId));
      assert.ok(second.freedBytes > 20);
      assert.equal(temporary.store.findImage(app).id, webId);
    });

    it('with the images of all platforms when the name goes', async () => {
      const build = (architecture: string) =>
        buildImage({
          layers: [{ entries: [{ name: architecture, content: 'x' }] }],
          platform: { os: 'linux', architecture },
        });
      const content = makeIndex([await build('amd64'), await build('arm64')]);
      server.add({ repository: 'library/multi', tag: 'latest', content });
      for (const platform of ['linux/amd64', 'linux/arm64']) {
        await pullFrom(server, temporary.store, 'library/multi:latest', { platform });
      }
      await temporary.store.removeImage(`${server.host}/library/multi`, unused);
      assert.equal(temporary.store.images().length, 2);
      assertSound(temporary.root);
    });
  });

  describe('that are damaged', () => {
    const damage = (digest: string) =>
      writeFileSync(join(temporary.root, 'blobs', digest.replace(':', '/')), 'x');

    it('are listed with the problem, and named where they are used', () => {
      damage(appId);
      const row = temporary.store.images().find(({ id }) => id === appId);
      assert.match(row?.problem ?? '', /blobs\/sha256/);
      assert.throws(
        () => temporary.store.inspectImage(app),
        error => {
          assert.ok(isTinydError(error) && error.code === 'ERR_TINYD_STORE_INVALID');
          assert.equal(error.details.path, join(temporary.root, 'blobs', appId.replace(':', '/')));
          assert.ok(error.hint);
          return true;
        },
      );
      assert.equal(temporary.store.inspectImage(web).Id, webId);
    });

    it('are healed by the next pull', async () => {
      damage(appId);
      await pullFrom(server, temporary.store, 'library/app:latest');
      assert.equal(temporary.store.inspectImage(app).Id, appId);
      assertSound(temporary.root);
    });

    it('can be removed, and keep the rest from being swept only while they are there', async () => {
      damage(appId);
      await temporary.store.removeImage(web, unused);
      assert.ok(contentOf(temporary.root).length > 0);
      await temporary.store.removeImage(app, unused);
      assert.deepEqual(contentOf(temporary.root), []);
    });

    it('tell which layer is missing', () => {
      rmSync(join(temporary.root, 'layers'), { recursive: true });
      assert.throws(() => temporary.store.imageForContainer(app), { code: 'ERR_TINYD_STORE_INVALID' });
    });
  });

  it('keep what other programs added to the layout', async () => {
    const { root, store } = temporary;
    const path = join(root, 'index.json');
    const index = JSON.parse(readFileSync(path, 'utf8'));
    const foreign = {
      mediaType: MEDIA_TYPES.ociManifest,
      digest: index.manifests[0].digest,
      size: index.manifests[0].size,
    };
    writeFileSync(path, JSON.stringify({ ...index, manifests: [...index.manifests, foreign] }));
    await store.removeImage(app, unused);
    assert.deepEqual(JSON.parse(readFileSync(path, 'utf8')).manifests.at(-1), foreign);
    assert.ok(contentOf(root).includes(`blobs/${foreign.digest.replace(':', '/')}`));
  });

  it('say so when index.json is no index', () => {
    writeFileSync(join(temporary.root, 'index.json'), '{');
    assert.throws(
      () => temporary.store.images(),
      error => {
        assert.ok(isTinydError(error) && error.code === 'ERR_TINYD_STORE_INVALID');
        assert.equal(error.details.path, join(temporary.root, 'index.json'));
        return true;
      },
    );
  });
});
