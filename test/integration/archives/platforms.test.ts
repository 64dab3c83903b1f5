import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parsePlatform } from '@tinyd/core';
import { makeIndex, type RegistryServer, serveRegistry } from '@tinyd/registry';
import { loadFolder } from '../../support/archives';
import { buildImage } from '../../support/image-builder';
import {
  TEST_PLATFORM,
  type TemporaryStore,
  temporaryFolder,
  temporaryStore,
} from '../../support/temporary-store';
import { outcomeOf } from '../../support/tinyd';

/** An OCI layout with an index of several platforms, as `skopeo copy --all` writes it. */
describe('loading an image of several platforms', function () {
  this.timeout(120_000);
  let server: RegistryServer;
  let target: TemporaryStore;
  let folder: string;

  before(async () => {
    server = await serveRegistry();
    folder = temporaryFolder('layout');
    const images = await Promise.all(
      ['amd64', 'arm64'].map(architecture =>
        buildImage({
          layers: [{ entries: [{ name: 'arch', content: architecture }] }],
          platform: { os: 'linux', architecture },
        }),
      ),
    );
    server.add({ repository: 'library/app', tag: '1', content: makeIndex(images) });
    const words = ['copy', '--all', '--src-tls-verify=false', `docker://${server.host}/library/app:1`];
    const skopeo = spawn('skopeo', [...words, `oci:${join(folder, 'all')}:app:1`]);
    const { code, stderr } = await outcomeOf(skopeo);
    assert.equal(code, 0, stderr);
  });
  after(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => {
    target = temporaryStore();
  });
  afterEach(() => target.remove());

  const platformsOf = () => target.store.images().map(({ platform, repoTags }) => `${platform} ${repoTags}`);

  it('takes the one for this machine', async () => {
    await loadFolder(target.store, join(folder, 'all'));
    assert.deepEqual(platformsOf(), ['linux/amd64 app:1']);
  });

  it('takes the one that was asked for', async () => {
    const platform = parsePlatform('linux/arm64', TEST_PLATFORM);
    await target.store.load({ folder: join(folder, 'all') }, { platform, explicitPlatform: true });
    assert.deepEqual(platformsOf(), ['linux/arm64 app:1']);
  });

  it('says which there are when none fits', async () => {
    const platform = parsePlatform('linux/s390x', TEST_PLATFORM);
    await assert.rejects(
      target.store.load({ folder: join(folder, 'all') }, { platform, explicitPlatform: true }),
      {
        code: 'ERR_TINYD_PLATFORM_UNAVAILABLE',
        message: /has linux\/amd64, linux\/arm64/,
      },
    );
    assert.deepEqual(platformsOf(), []);
  });
});
