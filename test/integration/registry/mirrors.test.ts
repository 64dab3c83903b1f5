import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseReference } from '@tinyd/core';
import type { RegistryServer } from '@tinyd/registry';
import {
  client,
  closeAll,
  IMPATIENT,
  isFor,
  layerOf,
  listening,
  log,
  onClose,
  pull,
  readBlob,
  sampleImage,
  server,
} from './context';

const NAME = 'registry.test:7000/app:v1';

describe('mirrors', () => {
  afterEach(closeAll);

  /** The registry itself is a name that does not exist, reached in these tests through a last mirror. */
  const through = (...servers: RegistryServer[]) => servers.map(({ url }) => `registry.test:7000=${url}`);

  it('are asked in the order given, and serve everything', async () => {
    const image = await sampleImage();
    const [one, two] = [await server(image), await server(image)];
    const source = client({ mirrors: through(one, two) });
    await pull(source, parseReference(NAME));
    strictEqual(one.requests.length, 4);
    strictEqual(two.requests.length, 0);
    strictEqual(source.servedBy(parseReference(NAME)), one.url);
  });

  it('come from the environment too, and docker.io keeps library/', async () => {
    const image = await sampleImage();
    const mirror = await server(image);
    mirror.add({ repository: 'library/nginx', tag: 'latest', content: image });
    await pull(
      client({ env: { TINYD_REGISTRY_MIRROR: `ghcr.io=http://127.0.0.1:1,docker.io=${mirror.url}` } }),
      parseReference('nginx'),
    );
    ok(log(mirror)[0]?.startsWith('HEAD /v2/library/nginx/manifests/latest'));
  });

  it('come from registries.json, where digestOnly keeps tags away', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tinyd-registries-'));
    onClose(() => rm(folder, { recursive: true }));
    const image = await sampleImage();
    const [cache, registry] = [await server(image), await server(image)];
    const configPath = join(folder, 'registries.json');
    const mirrors = [{ url: cache.url, digestOnly: true }];
    await writeFile(configPath, JSON.stringify({ registries: { [registry.host]: { mirrors } } }));
    await pull(client({ configPath }), parseReference(`${registry.host}/app:v1`));
    deepStrictEqual(log(registry), ['HEAD /v2/app/manifests/v1']);
    strictEqual(cache.requests.length, 3);
  });

  for (const [what, fault] of Object.entries({
    'answers 404': { status: 404, body: '' },
    'answers 500': { status: 500, body: '' },
    'answers 401': { status: 401, body: '' },
    'answers 429': {
      status: 429,
      body: '{"errors":[{"code":"TOOMANYREQUESTS","message":"pull rate limit"}]}',
    },
    'drops connections': { drop: true },
    'alters manifests': { corruptByte: 10 },
    'redirects in a circle': { redirect: '/v2/app/manifests/v1' },
    stalls: { stallAfter: 10 },
  })) {
    it(`are passed over when one ${what}`, async () => {
      const image = await sampleImage();
      const [bad, good] = [await server(image, { fault: () => fault }), await server(image)];
      const call = listening();
      const { layers } = await pull(
        client({ ...IMPATIENT, mirrors: through(bad, good) }),
        parseReference(NAME),
        call,
      );
      strictEqual(layers.length, 1);
      ok(call.notices.some(notice => notice.type === 'mirror-failed' && notice.mirror === bad.url));
    });
  }

  it('that are down cost one connection in a pull', async () => {
    const image = await sampleImage();
    const [down, good] = [await server(image), await server(image)];
    await down.close();
    const call = listening();
    await pull(client({ mirrors: through(down, good) }), parseReference(NAME), call);
    strictEqual(call.notices.length, 1);
  });

  it('take over in the middle of a blob', async () => {
    const image = await sampleImage(500_000);
    const dying = await server(image, {
      fault: r =>
        isFor(r, 'blob') ? (r.headers.range ? { drop: true } : { truncateAfter: 200_000 }) : undefined,
    });
    const good = await server(image);
    await readBlob(client({ mirrors: through(dying, good) }), parseReference(NAME), layerOf(image));
    deepStrictEqual(
      good.requests.map(({ headers }) => headers.range),
      ['bytes=200000-'],
    );
  });

  it('that altered a blob are not asked again', async () => {
    const image = await sampleImage(500_000);
    const lying = await server(image, { fault: r => (isFor(r, 'blob') ? { corruptByte: 1000 } : undefined) });
    const good = await server(image);
    const source = client({ mirrors: through(lying, good) });
    const reference = parseReference(NAME);
    await rejects(readBlob(source, reference, layerOf(image)), /came as/);
    const config = (await pull(client({ mirrors: through(good) }), reference)).manifest.config;
    const between = source.fetchBlob(reference, config);
    await between.next();
    strictEqual(source.distrust(reference, layerOf(image)), true);
    for await (const _ of between);
    await readBlob(source, reference, layerOf(image));
    strictEqual(lying.requests.length, 2, 'the layer, and the config that was on its way');
    strictEqual(source.servedBy(reference), good.url);
  });

  it('the registry itself cannot be distrusted', async () => {
    const image = await sampleImage();
    const registry = await server(image);
    const source = client();
    const reference = parseReference(`${registry.host}/app:v1`);
    await readBlob(source, reference, layerOf(image));
    strictEqual(source.distrust(reference, layerOf(image)), false);
  });

  it('are named when the registry fails as well', async () => {
    const mirror = await server(await sampleImage());
    await mirror.close();
    const registry = await server(await sampleImage(), { fault: () => ({ status: 404, body: '' }) });
    const name = parseReference(`${registry.host}/app:v1`);
    const source = client({ mirrors: [`${registry.host}=${mirror.url}`] });
    await rejects(pull(source, name), {
      code: 'ERR_TINYD_REGISTRY_NOT_FOUND',
      hint: `check the name and the tag; mirror ${mirror.url}: cannot reach ${mirror.host}: connection refused`,
    });
  });

  it('tell what is missing where the registry itself is out of reach', async () => {
    const mirror = await server(await sampleImage());
    const source = client({ mirrors: through(mirror), retry: { attempts: 1 } });
    await rejects(pull(source, parseReference('registry.test:7000/app:v2')), {
      code: 'ERR_TINYD_REGISTRY_NOT_FOUND',
      hint: /^check the tag; registry.test:7000: cannot reach registry.test:7000: /,
    });
  });

  it('get all the patience there is where the registry itself is out of reach', async () => {
    const image = await sampleImage(500_000);
    let drops = 4;
    const flaky = await server(image, {
      fault: r => (isFor(r, 'blob') && drops-- > 0 ? { drop: true } : undefined),
    });
    const source = client({ mirrors: through(flaky) });
    await readBlob(source, parseReference(NAME), layerOf(image));
    strictEqual(source.servedBy(parseReference(NAME)), flaky.url);
    drops = 4;
    await readBlob(source, parseReference(NAME), layerOf(image));
  });

  it('that stay away are told together with the registry', async () => {
    const mirror = await server(await sampleImage(), { fault: () => ({ drop: true }) });
    const source = client({ mirrors: through(mirror), retry: { attempts: 3 } });
    const expected = {
      code: 'ERR_TINYD_REGISTRY_UNREACHABLE',
      hint: new RegExp(`mirror ${mirror.url}: cannot reach`),
    };
    await rejects(pull(source, parseReference(NAME)), expected);
  });
});
