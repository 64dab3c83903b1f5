import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type ErrorCode, isTinydError, parseReference, type Reference, type TinydError } from '@tinyd/core';
import type { Fault } from '@tinyd/registry';
import {
  client,
  closeAll,
  IMPATIENT,
  isFor,
  listening,
  log,
  nameOn,
  onClose,
  pull,
  sampleImage,
  server,
} from './context';

async function failure(work: Promise<unknown>, code: ErrorCode): Promise<TinydError> {
  let caught: unknown;
  await rejects(work, (error: unknown) => {
    caught = error;
    return true;
  });
  ok(isTinydError(caught), String(caught));
  strictEqual(caught.code, code, caught.message);
  ok(!/[\x00-\x1f\x7f-\x9f]/.test(`${caught.message}${caught.hint ?? ''}`), 'fit for a terminal');
  ok(/^[a-z]/.test(caught.message) && !caught.message.endsWith('.'), caught.message);
  return caught;
}

describe('failures of a registry', () => {
  afterEach(closeAll);

  const answering = async (fault: Fault) => server(await sampleImage(), { fault: () => fault });
  const error = (code: string, message: string) => JSON.stringify({ errors: [{ code, message }] });

  it('tells an unknown tag from an unknown repository', async () => {
    const registry = await server(await sampleImage());
    const tag = await failure(pull(client(), nameOn(registry, 'v2')), 'ERR_TINYD_REGISTRY_NOT_FOUND');
    strictEqual(tag.details.missing, 'manifest');
    const repository = await failure(
      pull(client(), parseReference(`${registry.host}/other`)),
      'ERR_TINYD_REGISTRY_NOT_FOUND',
    );
    strictEqual(repository.details.missing, 'repository');
    ok(repository.message.includes(`${registry.host}/other`));
  });

  it('names image and blob when the registry has lost a part, and says whose affair that is', async () => {
    const registry = await server(await sampleImage(), {
      fault: ({ target }) => (target?.type === 'blob' ? { status: 404, body: '' } : undefined),
    });
    const { message, hint } = await failure(pull(client(), nameOn(registry)), 'ERR_TINYD_REGISTRY_NOT_FOUND');
    ok(
      /^cannot fetch blob sha256:[0-9a-f]{64} of 127\.0\.0\.1:\d+\/app: .* answered 404$/.test(message),
      message,
    );
    ok(hint?.includes('pushed again'));
  });

  it('repeats the words of the registry, on one line and without control characters', async () => {
    const registry = await answering({
      status: 403,
      body: error('DENIED', 'requested access\r\n\u001b[2Jis \u202edenied'),
    });
    const { message, details } = await failure(pull(client(), nameOn(registry)), 'ERR_TINYD_REGISTRY_DENIED');
    ok(message.endsWith('answered 403: requested access [2Jis denied'), message);
    strictEqual(details.registryCode, 'DENIED');
  });

  it('makes HEAD failures readable with a GET', async () => {
    const registry = await answering({ status: 403, body: error('DENIED', 'pay first') });
    ok(
      (await failure(client().resolve(nameOn(registry)), 'ERR_TINYD_REGISTRY_DENIED')).message.includes(
        'pay first',
      ),
    );
    deepStrictEqual(log(registry), ['HEAD /v2/app/manifests/v1', 'GET /v2/app/manifests/v1']);
  });

  it('shows the title of an HTML page, or its first words', async () => {
    const titled =
      '<!DOCTYPE html><html><head><title>Sign in to\n Example</title></head><body>x</body></html>';
    const page = await answering({ status: 400, body: titled, headers: { 'content-type': 'text/html' } });
    ok(
      (await failure(pull(client(), nameOn(page)), 'ERR_TINYD_REGISTRY_PROTOCOL')).message.endsWith(
        '400: Sign in to Example',
      ),
    );
    const bare = await answering({
      status: 400,
      body: `<html><style>p{}</style><p>${'no '.repeat(500)}</p></html>`,
      headers: { 'content-type': 'text/html' },
    });
    const { message } = await failure(pull(client(), nameOn(bare)), 'ERR_TINYD_REGISTRY_PROTOCOL');
    ok(message.includes('400: no no no') && message.length < 400, message);
  });

  it('takes a page in place of a manifest for what it is', async () => {
    const registry = await answering({
      body: '<html>Sign in</html>',
      headers: { 'content-type': 'text/html', 'docker-content-digest': null },
    });
    await failure(client().fetchManifest(nameOn(registry), undefined), 'ERR_TINYD_REGISTRY_PROTOCOL');
  });

  it('reports 500 as unavailable, having tried', async () => {
    const registry = await answering({ status: 500, body: error('UNKNOWN', 'disk full') });
    const source = client({ retry: { attempts: 3 } });
    const { message } = await failure(pull(source, nameOn(registry)), 'ERR_TINYD_REGISTRY_UNAVAILABLE');
    ok(message.endsWith('answered 500: disk full') || message.endsWith('answered 500'), message);
    strictEqual(source.delays.length, 2);
  });

  it('never shows the query of a signed URL', async () => {
    const image = await sampleImage();
    const storage = await server(image, { fault: () => ({ status: 404, body: '' }) });
    const registry = await server(image, {
      fault: r => (isFor(r, 'blob') ? { redirect: `${storage.url}/data?X-Signature=hush` } : undefined),
    });
    const caught = await failure(pull(client(), nameOn(registry)), 'ERR_TINYD_REGISTRY_NOT_FOUND');
    ok(!JSON.stringify([caught.message, caught.hint, caught.details]).includes('hush'));
    ok(JSON.stringify(caught.details).includes('/data?…'));
  });

  it('asks the registry again when a signed URL has expired', async () => {
    const image = await sampleImage();
    let expired = 1;
    const storage = await server(image, {
      fault: () => (expired-- > 0 ? { status: 403, body: '<Error>Request has expired</Error>' } : undefined),
    });
    const registry = await server(image, {
      fault: r => (isFor(r, 'blob') ? { redirect: `${storage.url}${r.path}` } : undefined),
    });
    await pull(client(), nameOn(registry));
    strictEqual(log(registry).filter(line => line.includes('/blobs/')).length, 3);
  });

  it('passes warnings on', async () => {
    const headers = {
      warning: [
        '299 - "This image is \\"old\\""',
        '199 - "not this"',
        '299 - "moved\u0007"'.replace('\u0007', ''),
      ],
    };
    const registry = await server(await sampleImage(), {
      fault: r => (r.method === 'HEAD' ? { headers } : undefined),
    });
    const call = listening();
    await pull(client(), nameOn(registry), call);
    deepStrictEqual(call.notices, [
      { type: 'warning', text: 'This image is "old"' },
      { type: 'warning', text: 'moved' },
    ]);
  });
});

describe('failures to reach a registry', () => {
  afterEach(closeAll);

  it('says that nobody listens, at once', async () => {
    const registry = await server(await sampleImage());
    await registry.close();
    const source = client();
    const { message } = await failure(pull(source, nameOn(registry)), 'ERR_TINYD_REGISTRY_UNREACHABLE');
    strictEqual(message, `cannot reach ${registry.host}: connection refused`);
    deepStrictEqual(source.delays, []);
  });

  it('says that a host does not exist', async () => {
    const { message, details } = await failure(
      pull(client({ retry: { attempts: 1 } }), parseReference('registry.invalid/app')),
      'ERR_TINYD_REGISTRY_UNREACHABLE',
    );
    ok(/^cannot reach registry.invalid: /.test(message), message);
    ok(['ENOTFOUND', 'EAI_AGAIN'].includes(String(details.cause)), String(details.cause));
  });

  it('says that a port cannot exist', async () => {
    await failure(
      pull(client(), parseReference('registry.example:99999/app')),
      'ERR_TINYD_REFERENCE_INVALID',
    );
  });

  /** A server that does something else than HTTP with its connections. */
  async function listener(onConnection: (socket: Socket) => void): Promise<Reference> {
    const sockets: Socket[] = [];
    const raw = createServer(socket => {
      sockets.push(socket.on('error', () => {}));
      onConnection(socket);
    });
    await new Promise<void>(resolve => raw.listen(0, '127.0.0.1', resolve));
    onClose(
      () =>
        new Promise(resolve => {
          raw.close(() => resolve());
          for (const socket of sockets) socket.destroy();
        }),
    );
    return parseReference(`127.0.0.1:${(raw.address() as AddressInfo).port}/app`);
  }

  it('takes what is not HTTP for what it is', async () => {
    const ssh = await listener(socket => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
    await failure(pull(client(), ssh), 'ERR_TINYD_REGISTRY_PROTOCOL');
  });

  it('gives up on a server that takes connections and says nothing', async () => {
    const mute = await listener(() => {});
    await failure(
      pull(client({ ...IMPATIENT, retry: { attempts: 1 } }), mute),
      'ERR_TINYD_REGISTRY_UNREACHABLE',
    );
  });

  it('gives up on a head that never ends', async () => {
    const endless = await listener(socket => {
      socket.write('HTTP/1.1 200 OK\r\n');
      const line = `X-${'a'.repeat(1000)}: ${'b'.repeat(1000)}\r\n`;
      const timer = setInterval(() => socket.write(line), 1);
      socket.on('close', () => clearInterval(timer));
    });
    await failure(pull(client({ retry: { attempts: 1 } }), endless), 'ERR_TINYD_REGISTRY_PROTOCOL');
  });
});

describe('rate limits', () => {
  afterEach(closeAll);

  const LIMIT = {
    'ratelimit-limit': '100;w=21600',
    'ratelimit-remaining': '76;w=21600',
    'docker-ratelimit-source': '192.0.2.7',
  };
  const PULL_LIMIT = JSON.stringify({
    errors: [
      { code: 'TOOMANYREQUESTS', message: 'You have reached your pull rate limit. You may increase…' },
    ],
  });

  it('remembers what the registry says of the quota', async () => {
    const registry = await server(await sampleImage(), {
      fault: r => (isFor(r, 'manifest') ? { headers: LIMIT } : undefined),
    });
    const source = client();
    const reference = nameOn(registry);
    strictEqual(source.quota(reference), undefined);
    await pull(source, reference);
    deepStrictEqual(source.quota(reference), {
      limit: 100,
      remaining: 76,
      windowSeconds: 21600,
      anonymous: true,
      source: '192.0.2.7',
    });
  });

  it('does not try a pull limit again, and says how to go on', async () => {
    const fault = {
      status: 429,
      body: PULL_LIMIT,
      headers: { ...LIMIT, 'ratelimit-remaining': '0;w=21600' },
    };
    const registry = await server(await sampleImage(), {
      fault: r => (r.method === 'GET' ? fault : undefined),
    });
    const source = client();
    const { hint, details, retryable } = await failure(
      pull(source, nameOn(registry)),
      'ERR_TINYD_REGISTRY_RATE_LIMIT',
    );
    deepStrictEqual(source.delays, []);
    strictEqual(retryable, true);
    strictEqual(hint, 'log in with docker login, configure a mirror, or wait 6 h at most');
    deepStrictEqual(details.quota, {
      limit: 100,
      remaining: 0,
      windowSeconds: 21600,
      anonymous: true,
      source: '192.0.2.7',
    });
    strictEqual(log(registry).filter(line => line.startsWith('GET')).length, 1);
  });

  it('knows a pull limit by its words alone, and tells when it ends', async () => {
    const fault = { status: 429, body: PULL_LIMIT, headers: { 'retry-after': '7200' } };
    const registry = await server(await sampleImage(), { fault: () => fault });
    const source = client();
    const { details } = await failure(pull(source, nameOn(registry)), 'ERR_TINYD_REGISTRY_RATE_LIMIT');
    const wait = Date.parse(String(details.resetAt)) - Date.now();
    ok(wait > 7_100_000 && wait <= 7_200_000);
    deepStrictEqual(source.delays, []);
  });

  it('waits out an abuse limit', async () => {
    let left = 3;
    const registry = await server(await sampleImage(), {
      fault: () => (left-- > 0 ? { status: 429, body: 'Too Many Requests (HAP429)' } : undefined),
    });
    await pull(client(), nameOn(registry));
  });
});
