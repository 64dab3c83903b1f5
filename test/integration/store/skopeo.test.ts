import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { parseReference } from '@tinyd/core';
import { type RegistryServer, serveRegistry } from '@tinyd/registry';
import { DockerRegistry } from '../../support/docker-registry';
import { buildImage } from '../../support/image-builder';
import { treeOf } from '../../support/store-files';
import {
  pullFrom,
  TEST_PLATFORM,
  type TemporaryStore,
  temporaryStore,
  testClient,
} from '../../support/temporary-store';

/** A real registry between two stores, with skopeo as the one that copies and judges. */
describe('the store, read by skopeo', () => {
  let server: RegistryServer;
  let registry: DockerRegistry;
  let host: string;
  let first: TemporaryStore;
  let second: TemporaryStore;

  before(async function () {
    this.timeout(60_000);
    server = await serveRegistry();
    const content = await buildImage({
      layers: [
        {
          entries: [
            { name: 'a', content: 'a' },
            { name: 'd/', type: 'directory', mode: 0o1777 },
          ],
        },
        {
          entries: [
            { name: 'd/.wh.x', content: '' },
            { name: 'link', type: 'symlink', linkname: 'a' },
          ],
          compression: 'zstd',
        },
      ],
      config: { Env: ['A=1'], Labels: { maker: 'me' } },
    });
    server.add({ repository: 'library/app', tag: '1.0', content });
    registry = await DockerRegistry.start();
    host = registry.host;
    first = temporaryStore();
    second = temporaryStore();
  });

  after(async () => {
    await registry.stop();
    await server.close();
    first.remove();
    second.remove();
  });

  it('is copied, served, pulled and inspected without a difference', async function () {
    this.timeout(60_000);
    const pulled = await pullFrom(server, first.store, 'library/app:1.0');
    const inLayout = `oci:${first.root}:${server.host}/library/app:1.0`;
    skopeo(
      'copy',
      '--dest-tls-verify=false',
      '--preserve-digests',
      inLayout,
      `docker://${host}/library/copy:1.0`,
    );

    const client = testClient();
    const name = `${host}/library/copy:1.0`;
    const options = { platform: TEST_PLATFORM, explicitPlatform: false };
    const again = await second.store.pull(client, parseReference(name), options);
    await client.close();

    assert.equal(again.digest, pulled.digest);
    assert.equal(again.imageId, pulled.imageId);
    const served = JSON.parse(skopeo('inspect', '--tls-verify=false', `docker://${name}`));
    const stored = JSON.parse(skopeo('inspect', `oci:${second.root}:${name}`));
    for (const key of ['Digest', 'Created', 'Labels', 'Architecture', 'Os', 'Layers', 'Env']) {
      assert.deepEqual(stored[key], served[key], key);
    }
    assert.equal(stored.Digest, again.digest);
    const trees = [first.store.lowerDirs(pulled.imageId), second.store.lowerDirs(again.imageId)];
    assert.deepEqual(trees[0]?.map(timelessTree), trees[1]?.map(timelessTree));
  });

  it('is found by digest too', async () => {
    const { digest } = await pullFrom(server, first.store, 'library/app:1.0');
    await pullFrom(server, first.store, `library/app@${digest}`);
    const stored = JSON.parse(skopeo('inspect', `oci:${first.root}:${server.host}/library/app@${digest}`));
    assert.equal(stored.Digest, digest);
  });
});

/** Folders that the archive only implies carry the time of their making. */
function timelessTree(folder: string): string[] {
  return treeOf(folder).map(line => line.replace(/^(d 41\d+ \S+ \S+) .*/, '$1'));
}

function skopeo(...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync('skopeo', args, { encoding: 'utf8' });
  assert.equal(status, 0, `skopeo ${args.join(' ')}: ${error?.message ?? stderr}`);
  return stdout;
}
