import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MEDIA_TYPES, parseReference } from '@tinyd/core';
import { makeIndex, readLayout, serveRegistry } from '@tinyd/registry';
import { buildImage } from '../../support/image-builder';
import { client, closeAll, log, nameOn, noise, onClose, pull, sampleImage, server } from './context';

const entries = [{ name: 'hello', content: 'hello\n' }];

describe('pulling from a registry', () => {
  afterEach(closeAll);

  it('asks for the tag with HEAD, for the manifest by digest, and for each blob once', async () => {
    const image = await sampleImage();
    const registry = await server(image);
    const { config, layers } = await pull(client(), nameOn(registry));
    strictEqual(config.os, 'linux');
    strictEqual(layers.length, 1);
    const short = image.root.slice(0, 13);
    deepStrictEqual(log(registry).slice(0, 2), [
      'HEAD /v2/app/manifests/v1',
      `GET /v2/app/manifests/${short}`,
    ]);
    strictEqual(registry.requests.length, 4);
  });

  it('names the media types that it reads, itself, and no encoding', async () => {
    const registry = await server(await sampleImage());
    await pull(client(), nameOn(registry));
    const [head] = registry.requests;
    strictEqual(
      head?.headers.accept,
      [
        MEDIA_TYPES.ociIndex,
        MEDIA_TYPES.dockerList,
        MEDIA_TYPES.ociManifest,
        MEDIA_TYPES.dockerManifest,
      ].join(', '),
    );
    for (const { headers } of registry.requests) {
      ok(/^tinyd/.test(String(headers['user-agent'])));
      strictEqual(headers['accept-encoding'], 'identity');
      strictEqual(headers.authorization, undefined);
    }
  });

  for (const dialect of ['oci', 'docker'] as const) {
    it(`chooses the platform from an index of the ${dialect} dialect`, async () => {
      const arm = await buildImage({
        layers: [{ entries }],
        dialect,
        platform: { os: 'linux', architecture: 'arm64' },
      });
      const amd = await buildImage({ layers: [{ entries }, { entries }], dialect });
      const content = makeIndex([arm, amd], { dialect });
      const registry = await server(amd);
      registry.add({ repository: 'app', tag: 'multi', content });
      const { manifest, config } = await pull(client(), nameOn(registry, 'multi'));
      strictEqual(config.architecture, 'amd64');
      strictEqual(manifest.layers.length, 2);
    });
  }

  it('follows an index within an index', async () => {
    const image = await sampleImage();
    const inner = makeIndex([image]);
    const [innerDocument] = [...inner.documents].filter(([digest]) => digest === inner.root);
    ok(innerDocument);
    const [digest, { mediaType, bytes }] = innerDocument;
    const outer = makeIndex([], {
      extra: [{ mediaType, digest, size: bytes.length, platform: { os: 'linux', architecture: 'amd64' } }],
    });
    const registry = await server(image);
    registry.add({ repository: 'app', tag: 'inner', content: inner });
    registry.add({ repository: 'app', tag: 'nested', content: outer });
    strictEqual((await pull(client(), nameOn(registry, 'nested'))).layers.length, 1);
  });

  it('pulls by digest without asking what a tag stands for', async () => {
    const image = await sampleImage();
    const registry = await server(image);
    const reference = parseReference(`${registry.host}/app:old@${image.root}`);
    const fetched = await client().fetchManifest(reference, undefined);
    strictEqual(fetched.descriptor.digest, image.root);
    deepStrictEqual(log(registry), [`GET /v2/app/manifests/${image.root.slice(0, 13)}`]);
  });

  it('takes content that a descriptor carries from there, and verifies it', async () => {
    const registry = await server(await sampleImage());
    const image = await sampleImage(10);
    const [document] = image.documents.values();
    ok(document);
    const descriptor = { ...image.manifest, data: Buffer.from(document.bytes).toString('base64') };
    const source = client();
    const { bytes } = await source.fetchManifest(nameOn(registry), descriptor);
    deepStrictEqual(Buffer.from(bytes), Buffer.from(document.bytes));
    strictEqual(registry.requests.length, 0);
    const wrong = { ...descriptor, data: Buffer.from('x'.repeat(document.bytes.length)).toString('base64') };
    await rejects(source.fetchManifest(nameOn(registry), wrong), { code: 'ERR_TINYD_CONTENT_DIGEST' });
  });

  it('fetches where a registry does not say what a tag stands for', async () => {
    const image = await sampleImage();
    const registry = await server(image, {
      fault: ({ method }) => (method === 'HEAD' ? { headers: { 'docker-content-digest': null } } : undefined),
    });
    const source = client();
    strictEqual(await source.resolve(nameOn(registry)), undefined);
    strictEqual((await source.fetchManifest(nameOn(registry), undefined)).descriptor.digest, image.root);
  });

  it('uses GET where HEAD is not allowed, and not twice', async () => {
    const image = await sampleImage();
    const registry = await server(image, {
      fault: ({ method }) => (method === 'HEAD' ? { status: 405 } : undefined),
    });
    await pull(client(), nameOn(registry));
    strictEqual(log(registry).filter(line => line.includes('/manifests/')).length, 2);
  });

  it('sniffs documents that are sent without a useful type', async () => {
    const registry = await server(await sampleImage(), {
      fault: ({ target }) =>
        target?.type === 'manifest' ? { headers: { 'content-type': 'text/plain' } } : undefined,
    });
    strictEqual((await pull(client(), nameOn(registry))).layers.length, 1);
  });

  it('lists tags over several pages', async () => {
    const image = await sampleImage();
    const registry = await server(image);
    const tags = Array.from({ length: 2500 }, (_, i) => `t${String(i).padStart(4, '0')}`);
    for (const tag of tags) registry.add({ repository: 'many', tag, content: image });
    deepStrictEqual(await client().listTags(parseReference(`${registry.host}/many`)), tags);
    strictEqual(registry.requests.length, 3);
  });

  it('serves a folder in OCI image layout', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tinyd-layout-'));
    onClose(() => rm(folder, { recursive: true }));
    const image = await sampleImage(5000);
    await mkdir(join(folder, 'blobs/sha256'), { recursive: true });
    const files = [...image.documents].map(([digest, { bytes }]) => [digest, bytes] as const);
    for (const [digest, bytes] of [...files, ...image.blobs]) {
      ok(bytes instanceof Uint8Array);
      await writeFile(join(folder, 'blobs', digest.replace(':', '/')), bytes);
    }
    const annotations = { 'org.opencontainers.image.ref.name': 'v1' };
    const index = { schemaVersion: 2, manifests: [{ ...image.manifest, annotations }] };
    await writeFile(join(folder, 'index.json'), JSON.stringify(index));

    const content = (await readLayout(folder)).get('v1');
    ok(content);
    const registry = await serveRegistry({ images: [{ repository: 'app', tag: 'v1', content }] });
    onClose(() => registry.close());
    strictEqual((await pull(client(), nameOn(registry))).layers[0]?.includes(noise(5000)), true);
  });

  it('keeps one connection for what it asks one after the other', async () => {
    const registry = await server(await sampleImage());
    const source = client();
    for (let i = 0; i < 5; i++) await pull(source, nameOn(registry));
    strictEqual(registry.requests.length, 20);
    strictEqual(registry.connections, 1);
  });

  it('stops when the caller gives up, at once and for good', async () => {
    const image = await sampleImage(200_000);
    const registry = await server(image, {
      fault: ({ target }) => (target?.type === 'blob' ? { bytesPerSecond: 20_000 } : undefined),
    });
    const stop = new AbortController();
    const pulling = pull(client(), nameOn(registry), { signal: stop.signal });
    setTimeout(() => stop.abort(), 100);
    await rejects(pulling, { code: 'ERR_TINYD_CANCELLED' });
    await rejects(pull(client(), nameOn(registry), { signal: AbortSignal.abort() }), {
      code: 'ERR_TINYD_CANCELLED',
    });
  });

  it('stops also what still waits for a connection', async () => {
    const registry = await server(await sampleImage(), { fault: () => ({ delayMs: 3000 }) });
    const source = client({ connectionsPerOrigin: 1, stallTimeoutMs: 10_000 });
    const first = new AbortController();
    const busy = source.resolve(nameOn(registry), { signal: first.signal });
    await new Promise(resolve => setTimeout(resolve, 50));
    const started = performance.now();
    await rejects(source.resolve(nameOn(registry), { signal: AbortSignal.timeout(50) }), {
      code: 'ERR_TINYD_CANCELLED',
    });
    ok(performance.now() - started < 500);
    first.abort();
    await rejects(busy, { code: 'ERR_TINYD_CANCELLED' });
  });
});
