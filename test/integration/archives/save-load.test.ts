import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type RegistryServer, serveRegistry } from '@tinyd/registry';
import { dockerArchive, dockerParts, filter, loadBytes, loadFolder, saveBytes } from '../../support/archives';
import { buildImage } from '../../support/image-builder';
import { assertSound, treeOf, unfinishedOf } from '../../support/store-files';
import {
  pullFrom,
  type TemporaryStore,
  temporaryFolder,
  temporaryStore,
} from '../../support/temporary-store';
import { Terminal } from '../../support/terminal';
import { REPOSITORY, Tinyd } from '../../support/tinyd';

describe('save and load', function () {
  this.timeout(120_000);
  let server: RegistryServer;
  let first: TemporaryStore;
  let second: TemporaryStore;
  let name: string;

  before(async () => {
    server = await serveRegistry();
    const base = {
      entries: [
        { name: 'bin/', type: 'directory' as const },
        { name: 'bin/a', content: 'a', mode: 0o4755 },
      ],
    };
    for (const repository of ['library/app', 'library/other']) {
      const top = { entries: [{ name: 'top', content: repository, uid: 7 }], compression: 'zstd' as const };
      server.add({
        repository,
        tag: '1',
        content: await buildImage({ layers: [base, top], config: { Env: ['A=1'] } }),
      });
    }
  });

  after(() => server.close());

  beforeEach(async () => {
    first = temporaryStore();
    second = temporaryStore();
    name = `${server.host}/library/app:1`;
    await pullFrom(server, first.store, 'library/app:1');
  });

  afterEach(() => {
    for (const { root } of [first, second])
      if (readdirSync(root).length > 0) assert.deepEqual(unfinishedOf(root), []);
    first.remove();
    second.remove();
  });

  it('brings the same image to another store: ID, digest, layers, name', async () => {
    const [loaded] = await loadBytes(second.store, await saveBytes(first.store, name));
    assert.deepEqual(loaded?.names, [name]);
    assert.equal(loaded?.imageId, first.store.findImage(name).id);
    assert.deepEqual(manifestsOf(second.root), manifestsOf(first.root));
    const [there, here] = [second.store, first.store].map(store =>
      store.lowerDirs(name).map(folder => treeOf(folder)),
    );
    assert.deepEqual(there, here);
    assertSound(second.root);
  });

  it('writes the same bytes again, also from the store that loaded them', async () => {
    const bytes = await saveBytes(first.store, name);
    await loadBytes(second.store, bytes);
    assert.ok(bytes.equals(await saveBytes(first.store, name)));
    assert.ok(bytes.equals(await saveBytes(second.store, name)));
  });

  for (const [program, args] of [
    ['gzip', ['-c']],
    ['zstd', ['-q', '-c']],
    ['xz', ['-c']],
    ['bzip2', ['-c']],
  ] as const) {
    it(`reads an archive that ${program} compressed, whatever it is called`, async () => {
      const [loaded] = await loadBytes(
        second.store,
        filter(program, args, await saveBytes(first.store, name)),
      );
      assert.deepEqual(loaded?.names, [name]);
    });
  }

  it('keeps several images and several names of one apart', async () => {
    await pullFrom(server, first.store, 'library/other:1');
    const other = `${server.host}/library/other:1`;
    await first.store.tag(name, 'mine:v2');
    const loaded = await loadBytes(second.store, await saveBytes(first.store, name, other, 'mine:v2'));
    assert.deepEqual(
      loaded.map(({ names }) => [...names].sort()),
      [[name, 'mine:v2'].sort(), [other]],
    );
    assert.equal(second.store.findImage('mine:v2').id, first.store.findImage(name).id);
    assert.equal(second.store.findImage(other).id, first.store.findImage(other).id);
  });

  it('gives no name to an image that was saved by ID, and does not take one away', async () => {
    const { id } = first.store.findImage(name);
    const bytes = await saveBytes(first.store, id);
    assert.deepEqual((await loadBytes(second.store, bytes))[0]?.names, []);
    assert.deepEqual(second.store.findImage(id).repoTags, []);
    await loadBytes(first.store, bytes);
    assert.deepEqual(first.store.findImage(id).repoTags, [name]);
  });

  it('leaves a pulled name its digest, and moves a name that stood for something else', async () => {
    const before = first.store.inspectImage(name).RepoDigests;
    await loadBytes(first.store, await saveBytes(first.store, name));
    assert.deepEqual(first.store.inspectImage(name).RepoDigests, before);
    assert.equal(before.length, 1);
    await pullFrom(server, second.store, 'library/other:1');
    await second.store.tag(`${server.host}/library/other:1`, name);
    await loadBytes(second.store, await saveBytes(first.store, name));
    assert.equal(second.store.findImage(name).id, first.store.findImage(name).id);
  });

  it('reads a folder that is an OCI image layout', async () => {
    const folder = temporaryFolder('layout');
    filter('tar', ['-xf', '-', '-C', folder], await saveBytes(first.store, name));
    const [loaded] = await loadFolder(second.store, folder);
    assert.deepEqual(loaded?.names, [name]);
    assert.deepEqual(manifestsOf(second.root), manifestsOf(first.root));
    rmSync(folder, { recursive: true });
  });

  it('reads what docker wrote before version 25, equal layers as links', async () => {
    const { layer, config, list, imageId } = await dockerParts(['old:1']);
    const linked = [{ Config: 'config.json', RepoTags: ['old:1'], Layers: ['again/layer.tar'] }];
    const link = { name: 'again/layer.tar', type: 'symlink' as const, linkname: '../layer/layer.tar' };
    const [plain] = await loadBytes(first.store, await dockerArchive({ layer, config, list }));
    const [viaLink] = await loadBytes(
      second.store,
      await dockerArchive({ layer, config, list: linked }, [link]),
    );
    assert.equal(plain?.imageId, imageId);
    assert.equal(viaLink?.imageId, imageId);
    assert.equal(readFileSync(join(second.store.lowerDirs('old:1')[0] ?? '', 'hello'), 'utf8'), 'hello');
  });

  it('reads compressed layers in an archive of docker', async () => {
    const parts = await dockerParts(['old:1']);
    const bytes = await dockerArchive({ ...parts, layer: gzipSync(parts.layer) });
    assert.equal((await loadBytes(first.store, bytes))[0]?.imageId, parts.imageId);
  });

  it('shares a load between two processes at once', async () => {
    const bytes = await saveBytes(first.store, name);
    const results = await Promise.all([loadBytes(second.store, bytes), loadBytes(second.store, bytes)]);
    assert.deepEqual(results[0], results[1]);
    assertSound(second.root);
  });

  it('refuses to save what is damaged, leaving the old file alone', async () => {
    const tinyd = new Tinyd({ TINYD_ROOT: first.root });
    try {
      const blobs = join(first.root, 'blobs/sha256');
      const largest = readdirSync(blobs).sort(
        (a, b) => statSync(join(blobs, b)).size - statSync(join(blobs, a)).size,
      );
      const layer = largest.find(each => readFileSync(join(blobs, each))[0] === 0x1f) ?? '';
      const bytes = readFileSync(join(blobs, layer));
      writeFileSync(join(blobs, layer), bytes.fill(0, 20, 30));
      const folder = join(tinyd.base, 'out');
      mkdirSync(folder);
      writeFileSync(join(folder, 'a.tar'), 'old');
      const outcome = await tinyd.run(['save', '-o', join(folder, 'a.tar'), name]);
      assert.equal(outcome.code, 1);
      assert.match(outcome.stderr, /content does not match its name \(ERR_TINYD_CONTENT_CORRUPT\)/);
      assert.deepEqual(readdirSync(folder), ['a.tar']);
      assert.equal(readFileSync(join(folder, 'a.tar'), 'utf8'), 'old');
    } finally {
      await tinyd.dispose();
    }
  });

  it('writes and reads no archive on a terminal', async () => {
    const tinyd = new Tinyd({ TINYD_ROOT: first.root });
    const command = join(REPOSITORY, 'packages/cli/bin/tinyd');
    const shows = async (words: readonly string[], pattern: RegExp) => {
      const terminal = new Terminal([command, ...words], tinyd.env);
      await terminal.shows(pattern, 30_000);
      assert.equal(await terminal.ended, 1);
    };
    try {
      await shows(['save', name], /cannot write an archive to a terminal/);
      await shows(['load'], /cannot read an archive from a terminal/);
    } finally {
      await tinyd.dispose();
    }
  });

  it('goes through a pipe, by the command', async () => {
    const [from, to] = [new Tinyd({ TINYD_ROOT: first.root }), new Tinyd()];
    try {
      const { id } = first.store.findImage(name);
      assert.equal(await from.ok('save', '-o', join(from.base, 'a.tar'), name), '');
      const outcome = await to.run(['load'], readFileSync(join(from.base, 'a.tar')));
      assert.deepEqual([outcome.code, outcome.stdout, outcome.stderr], [0, `Loaded image: ${name}\n`, '']);
      assert.equal(await to.ok('load', '-q', '-i', join(from.base, 'a.tar')), `Loaded image: ${name}`);
      assert.equal(await from.ok('image', 'save', '-o', join(from.base, 'b.tar'), id), '');
      const third = new Tinyd();
      assert.equal(await third.ok('load', '-i', join(from.base, 'b.tar')), `Loaded image ID: ${id}`);
      await third.dispose();
      const missing = await to.run(['save', '-o', join(to.base, 'x.tar'), 'nothing']);
      assert.match(missing.stderr, /no such image in the store: nothing \(ERR_TINYD_IMAGE_NOT_FOUND\)/);
      assert.ok(!readdirSync(to.base).includes('x.tar'));
    } finally {
      await from.dispose();
      await to.dispose();
    }
  });
});

function manifestsOf(root: string): unknown[] {
  const { manifests } = JSON.parse(readFileSync(join(root, 'index.json'), 'utf8'));
  return manifests.map((entry: Record<string, unknown>) => [entry.digest, entry.size, entry.mediaType]);
}
