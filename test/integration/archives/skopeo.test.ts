import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RegistryServer, serveRegistry } from '@tinyd/registry';
import { loadBytes, loadFolder, saveBytes } from '../../support/archives';
import { buildImage } from '../../support/image-builder';
import { treeOf } from '../../support/store-files';
import {
  pullFrom,
  type TemporaryStore,
  temporaryFolder,
  temporaryStore,
} from '../../support/temporary-store';

/** Archives that other programs read, and archives that other programs wrote. */
describe('archives between tinyd, skopeo and umoci', function () {
  this.timeout(120_000);
  let server: RegistryServer;
  let first: TemporaryStore;
  let second: TemporaryStore;
  let name: string;
  let folder: string;
  let saved: string;

  before(async () => {
    server = await serveRegistry();
    const content = await buildImage({
      layers: [
        {
          entries: [
            { name: 'd/', type: 'directory', mode: 0o1777 },
            { name: 'd/a', content: 'a', uid: 5 },
          ],
        },
        {
          entries: [
            { name: 'd/link', type: 'symlink', linkname: 'a' },
            { name: 'd/b', content: 'b', mode: 0o4755 },
          ],
        },
      ],
      config: { Env: ['A=1'], Labels: { maker: 'me' }, Cmd: ['/d/a'] },
    });
    server.add({ repository: 'library/app', tag: '1', content });
  });

  after(() => server.close());

  beforeEach(async () => {
    first = temporaryStore();
    second = temporaryStore();
    folder = temporaryFolder('archives');
    saved = join(folder, 'saved.tar');
    name = `${server.host}/library/app:1`;
    await pullFrom(server, first.store, 'library/app:1');
    writeFileSync(saved, await saveBytes(first.store, name));
  });

  afterEach(() => {
    first.remove();
    second.remove();
    rmSync(folder, { recursive: true });
  });

  it('is inspected in both formats', () => {
    const { id } = first.store.findImage(name);
    for (const form of [`docker-archive:${saved}`, `oci-archive:${saved}`]) {
      const facts = JSON.parse(run('skopeo', 'inspect', form));
      assert.deepEqual(
        [facts.Labels, facts.Env, facts.Architecture],
        [{ maker: 'me' }, ['A=1'], 'amd64'],
        form,
      );
      const manifest = JSON.parse(run('skopeo', 'inspect', '--raw', form));
      assert.equal(manifest.config.digest, id, form);
    }
    const { digest } = JSON.parse(readFileSync(join(first.root, 'index.json'), 'utf8')).manifests[0];
    assert.equal(JSON.parse(run('skopeo', 'inspect', `oci-archive:${saved}`)).Digest, digest);
    assert.deepEqual(JSON.parse(run('skopeo', 'inspect', `docker-archive:${saved}:${name}`)).Env, ['A=1']);
  });

  it('is unpacked by umoci as tinyd unpacks it', () => {
    const layout = join(folder, 'layout');
    run('skopeo', 'copy', `oci-archive:${saved}`, `oci:${layout}:1`);
    run('umoci', 'unpack', '--image', `${layout}:1`, join(folder, 'bundle'));
    const names = (lines: readonly string[]) => lines.map(line => line.split(' ', 3).join(' ')).sort();
    const ours = first.store.lowerDirs(name).flatMap(layer => treeOf(layer));
    assert.deepEqual([...new Set(names(ours))], names(treeOf(join(folder, 'bundle/rootfs'))));
  });

  for (const from of ['docker-archive', 'oci-archive'] as const) {
    for (const to of ['docker-archive', 'oci-archive', 'oci'] as const) {
      it(`comes back from skopeo, read as ${from}, written as ${to}`, async () => {
        const path = join(folder, 'copied');
        run('skopeo', 'copy', `${from}:${saved}`, `${to}:${path}:example.org/copied:2`);
        const loaded = await (to === 'oci'
          ? loadFolder(second.store, path)
          : loadBytes(second.store, readFileSync(path)));
        assert.deepEqual(loaded[0]?.names, ['example.org/copied:2']);
        const [before, after] = [
          first.store.inspectImage(name),
          second.store.inspectImage('example.org/copied:2'),
        ];
        assert.deepEqual([after.RootFS, after.Config], [before.RootFS, before.Config]);
        // From docker's format to the other skopeo writes the config anew.
        if (from === 'oci-archive' || to === from) assert.equal(after.Id, before.Id);
        const [there, here] = [first.store.lowerDirs(name), second.store.lowerDirs('example.org/copied:2')];
        assert.deepEqual(
          here.map(layer => treeOf(layer)),
          there.map(layer => treeOf(layer)),
        );
      });
    }
  }

  it("reads an image in docker's schema 2 format from the archive, with the digest that it was pulled by", async () => {
    const image = await buildImage({
      layers: [{ entries: [{ name: 'd', content: 'd' }] }],
      dialect: 'docker',
    });
    server.add({ repository: 'library/older', tag: '1', content: image });
    await pullFrom(server, first.store, 'library/older:1');
    writeFileSync(saved, await saveBytes(first.store, `${server.host}/library/older:1`));
    for (const form of ['oci-archive', 'docker-archive'])
      assert.equal(JSON.parse(run('skopeo', 'inspect', `${form}:${saved}`)).Architecture, 'amd64', form);
    assert.equal(JSON.parse(run('skopeo', 'inspect', `oci-archive:${saved}`)).Digest, image.root);
  });

  it('saves an image whose layers came by another name and compression', async () => {
    const path = join(folder, 'copied');
    run('skopeo', 'copy', `oci-archive:${saved}`, `docker-archive:${path}:example.org/copied:2`);
    await loadBytes(first.store, readFileSync(path));
    writeFileSync(saved, await saveBytes(first.store, 'example.org/copied:2'));
    const [loaded] = await loadBytes(second.store, readFileSync(saved));
    assert.equal(loaded?.imageId, first.store.findImage(name).id);
    run('skopeo', 'copy', `oci-archive:${saved}`, `oci:${join(folder, 'again')}:1`);
  });
});

function run(program: string, ...words: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, words, { encoding: 'utf8' });
  assert.equal(status, 0, `${program} ${words.join(' ')}: ${error?.message ?? stderr}`);
  return stdout;
}
