import { deepStrictEqual, rejects, strictEqual, throws } from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endpointsOf } from '../../../packages/registry/dist/config/endpoints';
import { readRegistriesConfig } from '../../../packages/registry/dist/config/registries';

const CODE = { code: 'ERR_TINYD_REGISTRY_CONFIG' };

describe('registries.json', () => {
  let folder: string;
  let path: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tinyd-config-'));
    path = join(folder, 'registries.json');
  });
  after(() => rm(folder, { recursive: true }));

  const read = async (content: unknown, mirrors: string[] = [], env = {}) => {
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
    return readRegistriesConfig(path, mirrors, env);
  };
  const urls = (config: Awaited<ReturnType<typeof read>>, domain: string) =>
    config[domain]?.mirrors?.map(({ url }) => url);

  it('may be absent', async () => {
    deepStrictEqual(Object.keys(await readRegistriesConfig(join(folder, 'none.json'), [], {})), []);
  });

  it('puts the option before the environment before the file', async () => {
    const file = { registries: { 'docker.io': { mirrors: [{ url: 'https://file' }], plainHttp: true } } };
    const config = await read(file, ['docker.io=https://one', 'docker.io=https://two'], {
      TINYD_REGISTRY_MIRROR: 'docker.io=http://three:5000, ghcr.io=https://four/hub',
    });
    deepStrictEqual(urls(config, 'docker.io'), [
      'https://one',
      'https://two',
      'http://three:5000',
      'https://file',
    ]);
    deepStrictEqual(urls(config, 'ghcr.io'), ['https://four/hub']);
    strictEqual(config['docker.io']?.plainHttp, true);
  });

  it('takes index.docker.io for docker.io', async () => {
    deepStrictEqual(urls(await read({}, ['index.docker.io=https://m']), 'docker.io'), ['https://m']);
  });

  it('refuses what it does not know, so that a typing error is not silence', async () => {
    for (const bad of [
      '{',
      '[]',
      { registry: {} },
      { registries: { x: { mirror: [] } } },
      { registries: { x: { plainHttp: 'yes' } } },
      { registries: { x: { mirrors: ['https://m'] } } },
      { registries: { x: { mirrors: [{ url: 'm' }] } } },
      { registries: { x: { mirrors: [{ url: 'ftp://m' }] } } },
      { registries: { x: { mirrors: [{ url: 'https://u:p@m' }] } } },
      { registries: { x: { mirrors: [{ url: 'https://m?x' }] } } },
      { registries: { x: { mirrors: [{ url: 'https://m/UP' }] } } },
      '{"registries":{"__proto__":{"plainHttp":true}}}',
    ]) {
      await rejects(read(bad), CODE, JSON.stringify(bad));
    }
    for (const bad of [
      'docker.io',
      'docker.io=',
      '=https://m',
      'docker.io=m',
      'docker.io=ftp://m',
      'a/b=https://m',
      'x=https://m/?q',
    ]) {
      await rejects(read({}, [bad]), CODE, bad);
    }
  });

  it('has no registries that nobody configured', async () => {
    strictEqual((await read({})).constructor, undefined);
    strictEqual(endpointsOf('toString', await read({})).length, 1);
  });
});

describe('endpoints', () => {
  const bases = (domain: string, settings = {}) =>
    endpointsOf(domain, { [domain]: settings }).map(({ base, alternative }) => [
      base.origin,
      alternative?.origin,
    ]);

  it('docker.io listens elsewhere', () => {
    deepStrictEqual(bases('docker.io'), [['https://registry-1.docker.io', undefined]]);
  });

  it('everybody else gets HTTPS, unless configured', () => {
    deepStrictEqual(bases('ghcr.io'), [['https://ghcr.io', undefined]]);
    deepStrictEqual(bases('10.0.0.5:5000'), [['https://10.0.0.5:5000', undefined]]);
    deepStrictEqual(bases('10.0.0.5:5000', { plainHttp: true }), [['http://10.0.0.5:5000', undefined]]);
  });

  it('loopback may be either', () => {
    deepStrictEqual(bases('127.0.0.1:5000'), [['http://127.0.0.1:5000', 'https://127.0.0.1:5000']]);
    deepStrictEqual(bases('[::1]:5000'), [['http://[::1]:5000', 'https://[::1]:5000']]);
    deepStrictEqual(bases('localhost'), [['https://localhost', 'http://localhost']]);
    deepStrictEqual(bases('localhost:443'), [['https://localhost', undefined]]);
    deepStrictEqual(bases('localhost:5000', { plainHttp: false }), [['https://localhost:5000', undefined]]);
  });

  it('a path in the URL of a mirror goes in front of repositories', () => {
    const [mirror] = endpointsOf('docker.io', {
      'docker.io': { mirrors: [{ url: 'https://harbor.test/hub/' }] },
    });
    strictEqual(mirror?.pathPrefix, 'hub/');
    strictEqual(mirror?.name, 'https://harbor.test/hub');
  });

  it('credentials travel over HTTP on loopback, and where plainHttp was said', () => {
    const may = (domain: string, settings = {}) =>
      endpointsOf(domain, { [domain]: settings }).map(({ mayUseCredentials }) => mayUseCredentials);
    deepStrictEqual(may('ghcr.io'), [true]);
    deepStrictEqual(may('127.0.0.1:5000'), [true]);
    deepStrictEqual(may('10.0.0.5:5000', { plainHttp: true }), [true]);
    deepStrictEqual(
      may('ghcr.io', {
        mirrors: [{ url: 'http://m.test' }, { url: 'https://m.test' }, { url: 'http://127.0.0.1:1' }],
      }),
      [false, true, true, true],
    );
  });

  it('a port that cannot exist is told', () => {
    throws(() => endpointsOf('h:70000', {}), { code: 'ERR_TINYD_REFERENCE_INVALID' });
  });
});
