import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { parseReference } from '@tinyd/core';
import { CertificateAuthority } from '../../support/certificates';
import { type BuiltImage, client, closeAll, onClose, pull, sampleImage, server } from './context';

interface Proxy {
  readonly url: string;
  readonly seen: string[];
}

const PASSWORD = `Basic ${Buffer.from('me:p@ss').toString('base64')}`;

/** A forward proxy that takes every host for the server on `target`, and wants a password if told so. */
async function proxy(target: string, needsPassword = false): Promise<Proxy> {
  const [host = '', port = ''] = target.split(':');
  const seen: string[] = [];
  const sockets: Socket[] = [];
  const mayPass = ({ headers }: IncomingMessage) =>
    !needsPassword || headers['proxy-authorization'] === PASSWORD;
  const listener = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    seen.push(`${incoming.method} ${incoming.url}`);
    if (!mayPass(incoming)) return void outgoing.writeHead(407).end();
    const url = new URL(incoming.url ?? '');
    const forwarded = {
      host,
      port,
      method: incoming.method ?? 'GET',
      path: url.pathname + url.search,
      headers: incoming.headers,
    };
    request(forwarded, answer => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    }).end();
  };
  const proxying = createServer(listener);
  proxying.on('connect', (incoming: IncomingMessage, socket: Socket) => {
    seen.push(`CONNECT ${incoming.url}`);
    if (!mayPass(incoming)) return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    const upstream = connect(Number(port), host, () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    sockets.push(socket, upstream);
    for (const one of [socket, upstream]) one.on('error', () => {});
    socket.pipe(upstream).pipe(socket);
  });
  await new Promise<void>(resolve => proxying.listen(0, '127.0.0.1', resolve));
  onClose(
    () =>
      new Promise(resolve => {
        for (const socket of sockets) socket.destroy();
        proxying.closeAllConnections();
        proxying.close(() => resolve());
      }),
  );
  return { url: `http://127.0.0.1:${(proxying.address() as AddressInfo).port}`, seen };
}

describe('proxies', () => {
  let authority: CertificateAuthority;
  let image: BuiltImage;
  const NAME = parseReference('registry.test/app:v1');

  before(async () => {
    authority = new CertificateAuthority();
    image = await sampleImage();
  });
  after(() => authority.remove());
  afterEach(closeAll);

  it('HTTPS goes through a tunnel, verified end to end', async () => {
    const registry = await server(image, { tls: authority.issue(['DNS:registry.test']) });
    const { url, seen } = await proxy(registry.host);
    for (const name of ['HTTPS_PROXY', 'https_proxy']) {
      seen.length = 0;
      await pull(client({ env: { [name]: url, TINYD_EXTRA_CA: authority.caFile } }), NAME);
      ok(seen.length >= 1 && seen.every(line => line === 'CONNECT registry.test:443'), seen.join());
    }
    await rejects(pull(client({ env: { HTTPS_PROXY: url } }), NAME), { code: 'ERR_TINYD_REGISTRY_TLS' });
  });

  it('plain HTTP is asked of the proxy by absolute URL', async () => {
    const registry = await server(image);
    const { url, seen } = await proxy(registry.host);
    const mirrors = ['registry.test=http://mirror.test:8080'];
    await pull(client({ env: { http_proxy: url.replace('http://', '') }, mirrors }), NAME);
    strictEqual(seen[0], 'HEAD http://mirror.test:8080/v2/app/manifests/v1');
    strictEqual(seen.length, 4);
    strictEqual(registry.requests[0]?.headers.host, 'mirror.test:8080');
  });

  it('the password in the proxy URL is sent to the proxy', async () => {
    const plain = await server(image);
    const open = await proxy(plain.host, true);
    const withPassword = (url: string) => url.replace('http://', 'http://me:p%40ss@');
    const mirrors = ['registry.test=http://mirror.test'];
    await pull(client({ env: { HTTP_PROXY: withPassword(open.url) }, mirrors }), NAME);

    const secure = await server(image, { tls: authority.issue(['DNS:registry.test']) });
    const tunnel = await proxy(secure.host, true);
    const env = { TINYD_EXTRA_CA: authority.caFile };
    await pull(client({ env: { ...env, HTTPS_PROXY: withPassword(tunnel.url) } }), NAME);
    await rejects(pull(client({ env: { ...env, HTTPS_PROXY: tunnel.url } }), NAME), {
      code: 'ERR_TINYD_REGISTRY_UNREACHABLE',
    });
  });

  it('loopback and NO_PROXY are reached directly', async () => {
    const registry = await server(image);
    const { url, seen } = await proxy(registry.host);
    await pull(
      client({ env: { HTTP_PROXY: url, HTTPS_PROXY: url } }),
      parseReference(`${registry.host}/app:v1`),
    );
    const env = { HTTP_PROXY: url, HTTPS_PROXY: url, NO_PROXY: 'example.com,.test' };
    await rejects(pull(client({ env, retry: { attempts: 1 } }), NAME), {
      code: 'ERR_TINYD_REGISTRY_UNREACHABLE',
    });
    deepStrictEqual(seen, []);
  });

  it('a proxy URL that is none is named', async () => {
    await rejects(pull(client({ env: { HTTPS_PROXY: 'gopher://x' } }), NAME), {
      code: 'ERR_TINYD_REGISTRY_CONFIG',
      message: /HTTPS_PROXY/,
    });
  });
});
