import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { type ErrorCode, isTinydError, LIMITS, MEDIA_TYPES } from '@tinyd/core';
import { type CredentialsLookup, type Fault, type FaultScript, makeIndex } from '@tinyd/registry';
import { buildImage } from '../../support/image-builder';
import { client, closeAll, isFor, layerOf, nameOn, pull, readBlob, sampleImage, server } from './context';

const USER = { username: 'ann', password: 'secret' };
const LOGIN: CredentialsLookup = async () => ({ type: 'password', ...USER });

async function failsWith(work: Promise<unknown>, ...codes: ErrorCode[]): Promise<void> {
  await rejects(work, (error: unknown) => {
    ok(isTinydError(error), String(error));
    ok(codes.includes(error.code), `${error.code}: ${error.message}`);
    return true;
  });
}

/** What an attacker can do to any document or blob. */
const ALTERATIONS: Readonly<Record<string, Fault>> = {
  'one byte altered': { corruptByte: 20 },
  'a longer body': { extraBytes: 1 },
  'a shorter body': { endAfter: 30 },
};

describe('hardening 1b: digest mismatch', () => {
  afterEach(closeAll);

  for (const [alteration, fault] of Object.entries(ALTERATIONS)) {
    it(`digest mismatch: a manifest with ${alteration} is refused`, async () => {
      const registry = await server(await sampleImage(), {
        fault: r => (isFor(r, 'manifest') && r.method === 'GET' ? fault : undefined),
      });
      await failsWith(pull(client(), nameOn(registry)), 'ERR_TINYD_CONTENT_DIGEST', 'ERR_TINYD_CONTENT_SIZE');
      await failsWith(client().fetchManifest(nameOn(registry), undefined), 'ERR_TINYD_CONTENT_DIGEST');
    });

    it(`digest mismatch: a blob with ${alteration} never comes with the right digest`, async () => {
      const registry = await server(await sampleImage(), {
        fault: r => (isFor(r, 'blob') ? fault : undefined),
      });
      await rejects(pull(client(), nameOn(registry)));
    });
  }

  it('digest mismatch: the right digest with a wrong size is refused before anything is read past it', async () => {
    const image = await sampleImage(100_000);
    const registry = await server(image);
    const layer = layerOf(image);
    for (const size of [0, 1, layer.size - 1, layer.size + 1]) {
      const reading = readBlob(client(), nameOn(registry), { ...layer, size });
      if (size === 0) await rejects(reading, /came as/);
      else await failsWith(reading, 'ERR_TINYD_CONTENT_SIZE');
      await failsWith(
        client().fetchManifest(nameOn(registry), { ...image.manifest, size: size + 1 }),
        'ERR_TINYD_CONTENT_SIZE',
      );
    }
  });

  it('digest mismatch: a Docker-Content-Digest that the body does not have is refused', async () => {
    const wrong = `sha256:${'0'.repeat(64)}`;
    const registry = await server(await sampleImage(), {
      fault: () => ({ headers: { 'docker-content-digest': wrong } }),
    });
    await failsWith(client().fetchManifest(nameOn(registry), undefined), 'ERR_TINYD_CONTENT_DIGEST');
    await failsWith(
      pull(client(), nameOn(registry)),
      'ERR_TINYD_REGISTRY_NOT_FOUND',
      'ERR_TINYD_CONTENT_DIGEST',
    );
  });

  it('CVE-2024-3727: a digest that is none is refused wherever it comes from', async () => {
    for (const bad of [
      'sha256:../../../etc/passwd',
      `sha256:${'A'.repeat(64)}`,
      'sha1:abc',
      '../x',
      '\u0000',
    ]) {
      const registry = await server(await sampleImage(), {
        fault: r =>
          r.method === 'GET' && isFor(r, 'manifest') && /^[\x20-\x7e]*$/.test(bad)
            ? { headers: { 'docker-content-digest': bad } }
            : undefined,
      });
      if (/^[\x20-\x7e]*$/.test(bad))
        await failsWith(client().fetchManifest(nameOn(registry), undefined), 'ERR_TINYD_CONTENT_DIGEST');
      const manifest = {
        schemaVersion: 2,
        config: { mediaType: MEDIA_TYPES.ociConfig, digest: bad, size: 1 },
        layers: [],
      };
      registry.setFault(() => ({
        body: JSON.stringify(manifest),
        headers: { 'docker-content-digest': null },
      }));
      await failsWith(client().fetchManifest(nameOn(registry), undefined), 'ERR_TINYD_DOCUMENT_INVALID');
    }
  });
});

describe('hardening 1b: documents', () => {
  afterEach(closeAll);

  const serving = async (body: string | Uint8Array, type: string, extra: Fault = {}) =>
    server(await sampleImage(), {
      fault: () => ({ body, headers: { 'content-type': type, 'docker-content-digest': null }, ...extra }),
    });

  it('CVE-2021-41190: a document that is a manifest and an index is refused', async () => {
    const image = await sampleImage();
    const [manifest] = image.documents.values();
    const both = {
      ...JSON.parse(Buffer.from(manifest?.bytes ?? []).toString()),
      manifests: [image.manifest],
    };
    for (const type of [MEDIA_TYPES.ociManifest, MEDIA_TYPES.ociIndex, 'application/json']) {
      const registry = await serving(JSON.stringify(both), type);
      await failsWith(client().fetchManifest(nameOn(registry), undefined), 'ERR_TINYD_DOCUMENT_INVALID');
    }
  });

  it('CVE-2021-41190: a Content-Type that is not the mediaType is refused', async () => {
    const registry = await server(await sampleImage(), {
      fault: r =>
        r.method === 'GET' && isFor(r, 'manifest')
          ? { headers: { 'content-type': MEDIA_TYPES.ociIndex } }
          : undefined,
    });
    await failsWith(client().fetchManifest(nameOn(registry), undefined), 'ERR_TINYD_DOCUMENT_INVALID');
  });

  it('CVE-2021-41190: an index entry that is served as another type is refused', async () => {
    const image = await sampleImage();
    const content = makeIndex([
      { ...image, manifest: { ...image.manifest, mediaType: MEDIA_TYPES.dockerManifest } },
    ]);
    const registry = await server(image);
    registry.add({ repository: 'app', tag: 'v1', content });
    await failsWith(pull(client(), nameOn(registry)), 'ERR_TINYD_DOCUMENT_INVALID');
  });

  it('CVE-2023-25153: a manifest without end is read to the limit and no further', async () => {
    const before = process.memoryUsage().rss;
    const registry = await serving(' ', MEDIA_TYPES.ociManifest, { extraBytes: 40 * 1024 * 1024 });
    await failsWith(client().fetchManifest(nameOn(registry), undefined), 'ERR_TINYD_CONTENT_SIZE');
    const grown = process.memoryUsage().rss - before - 2 * 40 * 1024 * 1024;
    ok(grown < 64 * 1024 * 1024, `${grown} bytes`);
  });

  it('CVE-2023-25153: a manifest that says it is too long is refused by HEAD alone', async () => {
    const registry = await server(await sampleImage(), {
      fault: r =>
        r.method === 'HEAD' ? { headers: { 'content-length': String(LIMITS.manifestBytes + 1) } } : undefined,
    });
    await failsWith(client().resolve(nameOn(registry)), 'ERR_TINYD_CONTENT_SIZE');
    strictEqual(registry.requests.length, 1);
  });

  it('CVE-2023-25153: deep and wide JSON is refused', async () => {
    for (const body of [
      '['.repeat(100_000),
      '{"a":[[[[',
      `{"a":${'{"b":'.repeat(50_000)}`,
      `[${'[],'.repeat(500_000)}[]]`,
    ]) {
      const registry = await serving(body, MEDIA_TYPES.ociManifest);
      await failsWith(client().fetchManifest(nameOn(registry), undefined), 'ERR_TINYD_DOCUMENT_INVALID');
    }
  });

  it('schema 1 and artifacts are refused by name', async () => {
    const schema1 = await serving('{"schemaVersion":1,"fsLayers":[]}', MEDIA_TYPES.schema1Signed);
    await failsWith(client().fetchManifest(nameOn(schema1), undefined), 'ERR_TINYD_SCHEMA1_UNSUPPORTED');
    const chart = {
      schemaVersion: 2,
      config: {
        mediaType: 'application/vnd.cncf.helm.config.v1+json',
        digest: `sha256:${'a'.repeat(64)}`,
        size: 1,
      },
      layers: [],
    };
    const helm = await serving(JSON.stringify(chart), MEDIA_TYPES.ociManifest);
    await failsWith(client().fetchManifest(nameOn(helm), undefined), 'ERR_TINYD_NOT_AN_IMAGE');
  });
});

describe('hardening 1b: CVE-2020-15157, credentials stay with their origin', () => {
  afterEach(closeAll);

  const secrets = /Basic|Bearer|YW5u|secret/;
  const leaked = (requests: readonly { headers: object; path: string; body: string }[]) =>
    requests.filter(request => secrets.test(JSON.stringify([request.headers, request.path, request.body])));

  for (const scheme of ['bearer', 'basic'] as const) {
    it(`drops Authorization on a redirect to another port (${scheme})`, async () => {
      const image = await sampleImage(50_000);
      const storage = await server(image);
      const registry = await server(image, {
        access: { scheme, user: USER },
        fault: r =>
          isFor(r, 'blob') && r.headers.authorization
            ? { redirect: `${storage.url}${r.path}?X-Sig=1` }
            : undefined,
      });
      strictEqual((await pull(client({ credentials: LOGIN }), nameOn(registry))).layers.length, 1);
      ok(storage.requests.length >= 2);
      deepStrictEqual(leaked(storage.requests), []);
    });
  }

  it('keeps Authorization on a redirect within the same origin', async () => {
    const registry = await server(await sampleImage(), {
      access: { user: USER },
      fault: r =>
        isFor(r, 'blob') && !r.path.includes('?') && r.headers.authorization
          ? { redirect: `${r.path}?again` }
          : undefined,
    });
    strictEqual((await pull(client({ credentials: LOGIN }), nameOn(registry))).layers.length, 1);
  });

  it('does not answer a 401 of the place it was redirected to', async () => {
    const image = await sampleImage();
    const foreign = await server(image, { access: { user: USER, scheme: 'basic' } });
    const registry = await server(image, {
      fault: r => (isFor(r, 'blob') ? { redirect: `${foreign.url}${r.path}` } : undefined),
    });
    await failsWith(
      pull(client({ credentials: LOGIN }), nameOn(registry)),
      'ERR_TINYD_REGISTRY_UNAUTHORIZED',
    );
    deepStrictEqual(leaked(foreign.requests), []);
  });

  it('drops credentials that a Location carries', async () => {
    const image = await sampleImage();
    const foreign = await server(image);
    const registry = await server(image, {
      fault: r => (isFor(r, 'blob') ? { redirect: `http://ann:secret@${foreign.host}${r.path}` } : undefined),
    });
    await pull(client(), nameOn(registry));
    deepStrictEqual(leaked(foreign.requests), []);
  });

  it('ignores the addresses of foreign layers unless they were asked for, and sends them nothing', async () => {
    const image = await sampleImage();
    const elsewhere = await server(image, { access: { scheme: 'basic', user: USER } });
    const registry = await server(image, { access: { user: USER } });
    const layer = {
      ...layerOf(image),
      mediaType: MEDIA_TYPES.dockerForeignLayerGzip,
      urls: [`${elsewhere.url}/v2/app/blobs/${layerOf(image).digest}`],
    };
    await readBlob(client({ credentials: LOGIN }), nameOn(registry), layer);
    strictEqual(elsewhere.requests.length, 0);

    await readBlob(client({ credentials: LOGIN, foreignUrls: true }), nameOn(registry), layer);
    strictEqual(elsewhere.requests.length, 1);
    deepStrictEqual(leaked(elsewhere.requests), []);

    const open = await server(image);
    const before = registry.requests.length;
    await readBlob(client({ foreignUrls: true }), nameOn(registry), {
      ...layer,
      urls: ['ftp://x/y', '', `${open.url}/v2/app/blobs/${layer.digest}`],
    });
    strictEqual(registry.requests.length, before);
    strictEqual(open.requests.length, 1);
  });

  it('follows ten redirects and no eleventh', async () => {
    const hops =
      (allowed: number): FaultScript =>
      r => {
        const hop = Number(/hop=(\d+)/.exec(r.path)?.[1] ?? '0');
        return isFor(r, 'blob') && hop < allowed
          ? { redirect: `${r.path.split('?')[0]}?hop=${hop + 1}` }
          : undefined;
      };
    const image = await sampleImage();
    await pull(client(), nameOn(await server(image, { fault: hops(10) })));
    await failsWith(
      pull(client(), nameOn(await server(image, { fault: hops(11) }))),
      'ERR_TINYD_REGISTRY_PROTOCOL',
    );
  });

  it('follows no redirect that is no HTTP URL', async () => {
    const image = await sampleImage();
    for (const redirect of [
      'file:///etc/passwd',
      'ftp://127.0.0.1/x',
      'data:text/plain,x',
      'http://',
      'http://[::1',
      'javascript:1',
    ]) {
      const registry = await server(image, { fault: r => (isFor(r, 'blob') ? { redirect } : undefined) });
      await failsWith(pull(client(), nameOn(registry)), 'ERR_TINYD_REGISTRY_PROTOCOL');
    }
  });

  it('shows no login to a token server on another host without TLS', async () => {
    const registry = await server(await sampleImage(), {
      access: { user: USER, realm: 'http://tokens.invalid/token' },
    });
    await failsWith(client({ credentials: LOGIN }).resolve(nameOn(registry)), 'ERR_TINYD_CREDENTIALS');
  });

  it('shows no login to a mirror without TLS that is not on this machine', async () => {
    let asked = 0;
    const credentials: CredentialsLookup = async () => {
      asked++;
      return LOGIN('');
    };
    const image = await buildImage({ layers: [] });
    const proxy = await server(image, { access: { scheme: 'basic', user: USER } });
    // A host that only the proxy can reach stands for a host that is not loopback.
    const source = client({
      credentials,
      env: { HTTP_PROXY: proxy.url },
      mirrors: ['127.0.0.9:1=http://mirror.invalid'],
    });
    const reference = { ...nameOn(proxy), domain: '127.0.0.9:1' };
    await failsWith(source.resolve(reference), 'ERR_TINYD_REGISTRY_UNREACHABLE');
    ok(proxy.requests.length > 0);
    deepStrictEqual(leaked(proxy.requests), []);
    strictEqual(asked, 0);
  });
});
