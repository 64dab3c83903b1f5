import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseReference } from '@tinyd/core';
import type { AccessRules, CredentialsLookup, RegistryServer } from '@tinyd/registry';
import { client, closeAll, listening, log, nameOn, onClose, pull, sampleImage, server } from './context';

const USER = { username: 'ann', password: 'pa:ss wörd' };
const LOGIN: CredentialsLookup = async () => ({ type: 'password', ...USER });

describe('authentication', () => {
  afterEach(closeAll);

  const guarded = async (access: AccessRules) => server(await sampleImage(), { access });
  const tokenRequests = ({ requests }: RegistryServer) =>
    requests.filter(({ target }) => target?.type === 'token');

  it('gets one anonymous token for a whole pull', async () => {
    const registry = await guarded({});
    const { layers } = await pull(client(), nameOn(registry));
    strictEqual(layers.length, 1);
    const [token, ...others] = tokenRequests(registry);
    strictEqual(others.length, 0);
    const query = new URLSearchParams(token?.path.split('?')[1]);
    strictEqual(query.get('service'), 'tinyd test registry');
    deepStrictEqual(query.getAll('scope'), ['repository:app:pull']);
    strictEqual(token?.headers.authorization, undefined);
  });

  it('asks for the token once, however many requests want it', async () => {
    const registry = await guarded({});
    const source = client();
    await Promise.all(Array.from({ length: 10 }, () => source.resolve(nameOn(registry))));
    ok(tokenRequests(registry).length <= 2, 'requests that were refused together share the token');
    const before = tokenRequests(registry).length;
    await Promise.all(Array.from({ length: 10 }, () => source.resolve(nameOn(registry))));
    strictEqual(tokenRequests(registry).length, before);
  });

  it('one caller that gives up does not take the token from the others', async () => {
    const image = await sampleImage();
    const registry = await server(image, {
      access: {},
      fault: ({ target }) => (target?.type === 'token' ? { delayMs: 200 } : undefined),
    });
    const source = client();
    const stop = new AbortController();
    const stopped = source.resolve(nameOn(registry), { signal: stop.signal });
    const others = [source.resolve(nameOn(registry)), source.resolve(nameOn(registry))];
    setTimeout(() => stop.abort(), 100);
    await rejects(stopped, { code: 'ERR_TINYD_CANCELLED' });
    for (const descriptor of await Promise.all(others)) strictEqual(descriptor?.digest, image.root);
  });

  it('sends user and password to the token server, and the token to the registry', async () => {
    const registry = await guarded({ user: USER });
    await pull(client({ credentials: LOGIN }), nameOn(registry));
    const basic = `Basic ${Buffer.from('ann:pa:ss wörd').toString('base64')}`;
    for (const { target, headers } of registry.requests) {
      if (target?.type === 'token') strictEqual(headers.authorization, basic);
      else ok(headers.authorization === undefined || String(headers.authorization).startsWith('Bearer '));
    }
  });

  it('logs in by POST where the token server knows nothing else', async () => {
    const registry = await server(await sampleImage(), {
      access: { user: USER },
      fault: ({ target, method }) =>
        target?.type === 'token' && method === 'GET' ? { status: 405 } : undefined,
    });
    await pull(client({ credentials: LOGIN }), nameOn(registry));
    const form = new URLSearchParams(tokenRequests(registry)[1]?.body);
    strictEqual(form.get('grant_type'), 'password');
  });

  it('exchanges an identity token by OAuth2', async () => {
    const registry = await guarded({ identityToken: 'refresh-me' });
    await pull(
      client({ credentials: async () => ({ type: 'identity-token', token: 'refresh-me' }) }),
      nameOn(registry),
    );
    const [request] = tokenRequests(registry);
    strictEqual(request?.method, 'POST');
    const form = new URLSearchParams(request?.body);
    deepStrictEqual([form.get('grant_type'), form.get('scope')], ['refresh_token', 'repository:app:pull']);
  });

  it('uses Basic where that is asked for, from then on at once', async () => {
    const registry = await guarded({ scheme: 'basic', user: USER });
    await pull(client({ credentials: LOGIN }), nameOn(registry));
    strictEqual(registry.requests.filter(({ headers }) => headers.authorization === undefined).length, 1);
  });

  it('fetches a new token when one is refused in the middle of a pull', async () => {
    const registry = await guarded({ tokenUses: 2 });
    await pull(client(), nameOn(registry));
    strictEqual(tokenRequests(registry).length, 2);
  });

  it('renews a token at four fifths of its life, which is a minute at least', async () => {
    const registry = await guarded({ expiresInSeconds: 1 });
    const source = client();
    const real = performance.now;
    try {
      await source.resolve(nameOn(registry));
      const start = real.call(performance);
      performance.now = () => start + 47_000;
      await source.resolve(nameOn(registry));
      strictEqual(tokenRequests(registry).length, 1);
      performance.now = () => start + 49_000;
      await source.resolve(nameOn(registry));
      strictEqual(tokenRequests(registry).length, 2);
    } finally {
      performance.now = real;
    }
  });

  it('says that access is denied, and what to do, without and with a login', async () => {
    const registry = await guarded({ user: USER });
    await rejects(pull(client(), nameOn(registry)), {
      code: 'ERR_TINYD_REGISTRY_UNAUTHORIZED',
      hint: /log in/,
    });
    const wrong: CredentialsLookup = async () => ({ type: 'password', username: 'ann', password: 'x' });
    await rejects(pull(client({ credentials: wrong }), nameOn(registry)), {
      code: 'ERR_TINYD_REGISTRY_UNAUTHORIZED',
    });
  });

  it('gives up when the registry refuses the token that its own server made', async () => {
    const registry = await guarded({ tokenUses: 0 });
    await rejects(pull(client(), nameOn(registry)), { code: 'ERR_TINYD_REGISTRY_UNAUTHORIZED' });
    ok(registry.requests.length < 12, `${registry.requests.length} requests`);
  });

  it('asks again with the scope that the registry misses', async () => {
    const registry = await server(await sampleImage(), {
      access: {},
      fault: ({ target, path, headers }) => {
        if (target?.type !== 'manifest' || !headers.authorization) return undefined;
        const scope = 'repository:app:pull repository:base:pull';
        if (registry.requests.some(request => request.path.includes('base'))) return undefined;
        const challenge = `Bearer realm="${registry.url}/token",service="s",scope="${scope}",error="insufficient_scope"`;
        return path ? { status: 401, headers: { 'www-authenticate': challenge } } : undefined;
      },
    });
    await pull(client(), nameOn(registry));
    const last = new URLSearchParams(tokenRequests(registry).at(-1)?.path.split('?')[1]);
    deepStrictEqual(last.getAll('scope'), ['repository:app:pull', 'repository:base:pull']);
  });

  it('refuses a token server that answers nonsense', async () => {
    for (const body of [
      '{}',
      'no json',
      '{"token":""}',
      '{"token":1}',
      '{"token":"a\\r\\nX-Evil: 1"}',
      `{"token":"${'x'.repeat(2 << 20)}"}`,
    ]) {
      const registry = await server(await sampleImage(), {
        access: {},
        fault: ({ target }) => (target?.type === 'token' ? { body } : undefined),
      });
      await rejects(client().resolve(nameOn(registry)), (error: { code: string }) =>
        ['ERR_TINYD_REGISTRY_PROTOCOL', 'ERR_TINYD_CONTENT_SIZE'].includes(error.code),
      );
    }
  });

  it('tries a token server again that is not ready', async () => {
    let failures = 2;
    const registry = await server(await sampleImage(), {
      access: {},
      fault: ({ target }) => (target?.type === 'token' && failures-- > 0 ? { status: 503 } : undefined),
    });
    const source = client();
    await source.resolve(nameOn(registry));
    deepStrictEqual(source.delays, [1000, 2000]);
  });

  it('reads the login that docker stored, and asks credential helpers', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tinyd-docker-'));
    onClose(() => rm(folder, { recursive: true }));
    const registry = await guarded({ user: USER });
    const auth = Buffer.from('ann:pa:ss wörd').toString('base64');
    const config = (content: object) => writeFile(join(folder, 'config.json'), JSON.stringify(content));

    await config({ auths: { [`https://${registry.host}/v1/`]: { auth } } });
    await pull(client({ env: { DOCKER_CONFIG: folder } }), nameOn(registry));

    const inline = JSON.stringify({ auths: { [registry.host]: { auth } } });
    await pull(
      client({ env: { DOCKER_CONFIG: '/nonexistent', DOCKER_AUTH_CONFIG: inline } }),
      nameOn(registry),
    );

    const bin = join(folder, 'bin');
    await mkdir(bin);
    const helper = join(bin, 'docker-credential-test');
    const answer = JSON.stringify({
      ServerURL: registry.host,
      Username: USER.username,
      Secret: USER.password,
    });
    await writeFile(
      helper,
      `#!/bin/sh\n[ "$1" = get ] && [ "$(cat)" = "${registry.host}" ] && echo '${answer}'\n`,
    );
    await chmod(helper, 0o755);
    await config({ credHelpers: { [registry.host]: 'test' } });
    const env = { DOCKER_CONFIG: folder, PATH: `${bin}:/usr/bin:/bin` };
    await pull(client({ env }), nameOn(registry));
    await config({ credsStore: 'test' });
    await pull(client({ env }), nameOn(registry));
  });

  it('nobody is asked for a login that the registry does not want', async () => {
    const registry = await server(await sampleImage());
    let asked = 0;
    const credentials: CredentialsLookup = async () => void asked++ as undefined;
    const source = client({ credentials });
    await pull(source, nameOn(registry));
    await rejects(pull(source, nameOn(registry, 'v2')));
    strictEqual(asked, 0);
  });

  it('a missing helper is a warning when the image is public', async () => {
    const registry = await guarded({});
    const inline = JSON.stringify({ credsStore: 'nowhere' });
    const call = listening();
    await pull(
      client({ env: { DOCKER_CONFIG: '/nonexistent', DOCKER_AUTH_CONFIG: inline, PATH: '/nonexistent' } }),
      nameOn(registry),
      call,
    );
    deepStrictEqual(call.notices, [
      { type: 'warning', text: 'docker-credential-nowhere failed: not found in PATH' },
    ]);
  });

  it('asks for the repository of the mirror, not of the registry', async () => {
    const image = await sampleImage();
    const mirror = await server(image, { access: {} });
    mirror.add({ repository: 'hub/library/app', tag: 'v1', content: image });
    await pull(client({ mirrors: [`docker.io=${mirror.url}/hub`] }), parseReference('app:v1'));
    ok(log(mirror).some(line => line.includes('scope=repository%3Ahub%2Flibrary%2Fapp%3Apull')));
  });
});
