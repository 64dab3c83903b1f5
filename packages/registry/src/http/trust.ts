import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import { TinydError } from '@tinyd/core';
import type { Environment } from './proxy';

/** How far the certificates of one endpoint are believed. */
export interface TrustSettings {
  readonly insecureSkipVerify?: boolean;
  /** File with PEM certificates to trust besides the system's. */
  readonly ca?: string;
}

const SYSTEM_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/** Where docker and podman look for the certificates of a registry, by `host[:port]`. */
export const CERTS_DIRS = ['/etc/docker/certs.d', '/etc/containers/certs.d'] as const;

/**
 * The certificates that registries are checked against: the system's (SSL_CERT_FILE in their place), TINYD_EXTRA_CA,
 * NODE_EXTRA_CA_CERTS, the endpoint's own `ca`, and `<certs dir>/<host>/*.crt` with client certificates (`x.cert` beside
 * `x.key`).
 */
export class TrustStore {
  readonly #env: Environment;
  readonly #certsDirs: readonly string[];
  /** Parsing a system's bundle takes 30 ms: hosts without certificates of their own share a context. */
  readonly #shared = new Map<string, SecureContext>();

  constructor(env: Environment, certsDirs: readonly string[]) {
    this.#env = env;
    this.#certsDirs = certsDirs;
  }

  /** The TLS context for a host. Fails with ERR_TINYD_REGISTRY_CONFIG when a file that was named cannot be used. */
  contextFor(host: string, { ca = '' }: TrustSettings): SecureContext {
    const own = this.#certsDirs.map(dir => hostCertificates(join(dir, host)));
    if (own.some(found => found.ca.length + found.cert.length > 0)) return this.#create(host, ca, own);
    const context = this.#shared.get(ca) ?? this.#create(host, ca, own);
    this.#shared.set(ca, context);
    return context;
  }

  #create(host: string, ownCa: string, own: readonly HostCertificates[]): SecureContext {
    const { TINYD_EXTRA_CA, NODE_EXTRA_CA_CERTS } = this.#env;
    const ca = [systemCertificates(this.#env), ...own.flatMap(found => found.ca)];
    for (const path of [TINYD_EXTRA_CA, NODE_EXTRA_CA_CERTS, ownCa]) if (path) ca.push(readNamed(path));
    const cert = own.flatMap(found => found.cert);
    const key = own.flatMap(found => found.key);
    try {
      return createSecureContext({ ca, ...(cert.length > 0 && { cert, key }) });
    } catch (cause) {
      const message = `cannot use the certificates for ${host}: ${reasonOf(cause)}`;
      throw new TinydError('ERR_TINYD_REGISTRY_CONFIG', message, { cause });
    }
  }
}

interface HostCertificates {
  readonly ca: string[];
  readonly cert: string[];
  readonly key: string[];
}

function systemCertificates(env: Environment): string {
  if (env.SSL_CERT_FILE) return readNamed(env.SSL_CERT_FILE);
  for (const path of SYSTEM_BUNDLES) {
    const text = readIfThere(path);
    if (text !== undefined) return text;
  }
  return rootCertificates.join('\n');
}

function hostCertificates(dir: string): HostCertificates {
  const found: HostCertificates = { ca: [], cert: [], key: [] };
  let names: string[];
  try {
    names = readdirSync(dir).sort();
  } catch {
    return found;
  }
  for (const name of names) {
    if (name.endsWith('.crt')) found.ca.push(readNamed(join(dir, name)));
    if (!name.endsWith('.cert')) continue;
    found.cert.push(readNamed(join(dir, name)));
    found.key.push(readNamed(join(dir, name.replace(/cert$/, 'key'))));
  }
  return found;
}

function readNamed(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new TinydError(
      'ERR_TINYD_REGISTRY_CONFIG',
      `cannot read certificates ${path}: ${reasonOf(cause)}`,
      { cause },
    );
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
