import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { MEDIA_TYPES, parseReference } from '@tinyd/core';
import { type CredentialsLookup, makeIndex } from '@tinyd/registry';
import { DockerRegistry, hasDockerRegistry } from '../../support/docker-registry';
import { buildImage } from '../../support/image-builder';
import { client, closeAll, layerOf, noise, pull, readBlob } from './context';

const entries = [{ name: 'noise', content: noise(300_000) }];

describe("Debian's docker-registry", () => {
  let registry: DockerRegistry;

  before(async function () {
    if (!hasDockerRegistry()) this.skip();
    registry = await DockerRegistry.start();
  });
  after(() => registry?.stop());
  afterEach(closeAll);

  const named = (name: string) => parseReference(`${registry.host}/${name}`);

  for (const dialect of ['oci', 'docker'] as const) {
    for (const compression of ['gzip', 'none', 'zstd'] as const) {
      it(`serves an image of the ${dialect} dialect with ${compression} layers`, async () => {
        const image = await buildImage({ layers: [{ entries, compression }, { entries: [] }], dialect });
        await registry.push(`${dialect}/${compression}`, 'v1', image);
        const { manifest, layers } = await pull(client(), named(`${dialect}/${compression}:v1`));
        strictEqual(
          manifest.mediaType,
          dialect === 'oci' ? MEDIA_TYPES.ociManifest : MEDIA_TYPES.dockerManifest,
        );
        strictEqual(layers.length, 2);
      });
    }

    it(`serves an index of the ${dialect} dialect`, async () => {
      const arm = await buildImage({
        layers: [{ entries: [] }],
        dialect,
        platform: { os: 'linux', architecture: 'arm', variant: 'v7' },
      });
      const amd = await buildImage({ layers: [{ entries }], dialect });
      await registry.push(`${dialect}/multi`, 'latest', makeIndex([arm, amd], { dialect }));
      strictEqual((await pull(client(), named(`${dialect}/multi`))).config.architecture, 'amd64');
    });
  }

  it('resumes a blob where it stopped', async () => {
    const image = await buildImage({ layers: [{ entries, compression: 'none' }] });
    await registry.push('resume', 'v1', image);
    const layer = layerOf(image);
    const whole = await readBlob(client(), named('resume:v1'), layer);
    for (const offset of [1, 65_536, layer.size - 1]) {
      const rest = await readBlob(client(), named('resume:v1'), layer, { offset });
      deepStrictEqual(rest, whole.subarray(offset));
    }
  });

  it('tells tags apart from repositories that do not exist', async () => {
    await registry.push('known', 'v1', await buildImage({ layers: [] }));
    const missing = (name: string) => client().fetchManifest(named(name), undefined);
    await rejects(missing('known:v2'), { code: 'ERR_TINYD_REGISTRY_NOT_FOUND' });
    await rejects(missing('unknown/repository:v1'), { code: 'ERR_TINYD_REGISTRY_NOT_FOUND' });
  });

  it('lists tags', async () => {
    const image = await buildImage({ layers: [] });
    for (const tag of ['a', 'b', 'c']) await registry.push('tagged', tag, image);
    deepStrictEqual((await client().listTags(named('tagged'))).sort(), ['a', 'b', 'c']);
  });

  it('takes user and password', async () => {
    const guarded = await DockerRegistry.start({ login: true });
    try {
      await guarded.push('private', 'v1', await buildImage({ layers: [{ entries }] }));
      const reference = parseReference(`${guarded.host}/private:v1`);
      const login: CredentialsLookup = async () => ({
        type: 'password',
        username: 'ann',
        password: 'secret',
      });
      ok((await pull(client({ credentials: login }), reference)).layers.length === 1);
      await rejects(pull(client(), reference), { code: 'ERR_TINYD_REGISTRY_UNAUTHORIZED' });
    } finally {
      await guarded.stop();
    }
  });
});
