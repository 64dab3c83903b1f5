import { ok, rejects, strictEqual } from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseReference } from '@tinyd/core';
import type { CredentialsLookup, RegistryClientOptions, RegistryServer } from '@tinyd/registry';
import { CertificateAuthority, type KeyPair } from '../../support/certificates';
import {
  type BuiltImage,
  client,
  closeAll,
  isFor,
  nameOn,
  onClose,
  pull,
  sampleImage,
  server,
} from './context';

describe('TLS', () => {
  let authority: CertificateAuthority;
  let pair: KeyPair;
  let image: BuiltImage;

  before(async () => {
    authority = new CertificateAuthority();
    pair = authority.issue(['IP:127.0.0.1', 'DNS:localhost']);
    image = await sampleImage();
  });
  after(() => authority.remove());
  afterEach(closeAll);

  async function folder(): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), 'tinyd-tls-'));
    onClose(() => rm(path, { recursive: true }));
    return path;
  }

  /** A name whose only endpoint in these tests is the server, by HTTPS. */
  const NAME = parseReference('registry.test:7000/app:v1');
  const through = ({ host }: RegistryServer) => ({ mirrors: [`registry.test:7000=https://${host}`] });
  const trusting = (): RegistryClientOptions => ({ env: { TINYD_EXTRA_CA: authority.caFile } });

  it('trusts the authority of TINYD_EXTRA_CA, SSL_CERT_FILE or NODE_EXTRA_CA_CERTS', async () => {
    const registry = await server(image, { tls: pair });
    for (const name of ['TINYD_EXTRA_CA', 'SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS']) {
      await pull(client({ ...through(registry), env: { [name]: authority.caFile } }), NAME);
    }
    ok(registry.requests.length > 0);
  });

  it('trusts the authority of the registry in certs.d, and of registries.json', async () => {
    const registry = await server(image, { tls: pair });
    const certs = await folder();
    await mkdir(join(certs, registry.host));
    await writeFile(join(certs, registry.host, 'ca.crt'), authority.cert);
    await pull(client({ ...through(registry), certsDirs: [certs] }), NAME);

    const configPath = join(certs, 'registries.json');
    await writeFile(
      configPath,
      JSON.stringify({ registries: { [registry.host]: { ca: authority.caFile } } }),
    );
    await pull(client({ configPath }), nameOn(registry));
  });

  it('finds TLS on loopback where it tried plain HTTP first', async () => {
    const registry = await server(image, { tls: pair });
    const source = client(trusting());
    await pull(source, nameOn(registry));
    strictEqual(source.servedBy(nameOn(registry)), registry.url);
    strictEqual(registry.requests.length, 4);
  });

  it('reports an unknown authority as such, on loopback too, and tells how to trust it', async () => {
    const registry = await server(image, { tls: pair });
    const expected = { code: 'ERR_TINYD_REGISTRY_TLS', hint: /TINYD_EXTRA_CA/, message: /unknown authority/ };
    await rejects(pull(client(), nameOn(registry)), expected);
  });

  it('accepts any certificate only where registries.json says so', async () => {
    const registry = await server(image, { tls: pair });
    const configPath = join(await folder(), 'registries.json');
    await writeFile(
      configPath,
      JSON.stringify({ registries: { [registry.host]: { insecureSkipVerify: true, plainHttp: false } } }),
    );
    await pull(client({ configPath }), nameOn(registry));
  });

  it('an exception for a registry is none for where it redirects to', async () => {
    const storage = await server(image, { tls: pair });
    const registry = await server(image, {
      tls: pair,
      fault: r => (isFor(r, 'blob') ? { redirect: `${storage.url}${r.path}` } : undefined),
    });
    const configPath = join(await folder(), 'registries.json');
    await writeFile(
      configPath,
      JSON.stringify({ registries: { [registry.host]: { insecureSkipVerify: true, plainHttp: false } } }),
    );
    await rejects(pull(client({ configPath }), nameOn(registry)), { code: 'ERR_TINYD_REGISTRY_TLS' });
    strictEqual(storage.requests.length, 0);
  });

  it('refuses a certificate for another host, and an expired one', async () => {
    const other = await server(image, { tls: authority.issue(['DNS:other.test']) });
    await rejects(pull(client(trusting()), nameOn(other)), {
      code: 'ERR_TINYD_REGISTRY_TLS',
      message: /another host/,
    });
    const expired = await server(image, { tls: authority.issue(['IP:127.0.0.1'], '-1') });
    await rejects(pull(client(trusting()), nameOn(expired)), {
      code: 'ERR_TINYD_REGISTRY_TLS',
      message: /expired/,
    });
  });

  it('shows a client certificate from certs.d', async () => {
    const registry = await server(image, { tls: { ...pair, clientCa: authority.cert } });
    const certs = await folder();
    await mkdir(join(certs, registry.host));
    const mine = authority.issue(['DNS:client']);
    await writeFile(join(certs, registry.host, 'client.cert'), mine.cert);
    await writeFile(join(certs, registry.host, 'client.key'), mine.key);
    await pull(client({ ...through(registry), ...trusting(), certsDirs: [certs] }), NAME);
    await rejects(pull(client({ ...trusting() }), nameOn(registry)));
  });

  it('says that a server speaks no TLS', async () => {
    const registry = await server(image);
    const configPath = join(await folder(), 'registries.json');
    await writeFile(configPath, JSON.stringify({ registries: { [registry.host]: { plainHttp: false } } }));
    await rejects(pull(client({ configPath }), nameOn(registry)), {
      code: 'ERR_TINYD_REGISTRY_TLS',
      message: /does not speak TLS/,
    });
  });

  it('names the certificate file that it cannot read', async () => {
    const registry = await server(image, { tls: pair });
    const source = client({ ...through(registry), env: { TINYD_EXTRA_CA: '/nonexistent/ca.pem' } });
    await rejects(pull(source, NAME), (error: { details: { mirrors?: object } }) =>
      JSON.stringify(error.details.mirrors).includes('/nonexistent/ca.pem'),
    );
  });

  it('CVE-2020-15157: follows no redirect from HTTPS to HTTP', async () => {
    const plain = await server(image);
    const registry = await server(image, {
      tls: pair,
      fault: r => (isFor(r, 'blob') ? { redirect: `${plain.url}${r.path}` } : undefined),
    });
    await rejects(pull(client(trusting()), nameOn(registry)), { code: 'ERR_TINYD_REGISTRY_PROTOCOL' });
    strictEqual(plain.requests.length, 0);
  });

  it('CVE-2020-15157: refuses a token server without TLS for a registry with TLS', async () => {
    const plain = await server(image, { access: {} });
    const registry = await server(image, { tls: pair, access: { realm: `${plain.url}/token` } });
    const login: CredentialsLookup = async () => ({ type: 'password', username: 'ann', password: 'secret' });
    await rejects(pull(client({ ...trusting(), credentials: login }), nameOn(registry)), {
      code: 'ERR_TINYD_REGISTRY_PROTOCOL',
    });
    strictEqual(plain.requests.length, 0);
  });
});
