import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseManifestDocument } from '@tinyd/core';
import type { ImageContent } from '@tinyd/registry';

/** `secret`, as htpasswd would write it. */
const BCRYPT_OF_SECRET = '$2b$04$xHoWjTqtg6jO2YiHphcZBeTi7SFv1/pzeArg9nLXHJm26LXMNLRfG';
const START_TIMEOUT_MS = 10_000;

/** True where Debian's docker-registry is installed. */
export function hasDockerRegistry(): boolean {
  try {
    execFileSync('docker-registry', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Debian's docker-registry with a folder and port of its own. */
export class DockerRegistry {
  /** `127.0.0.1:40123`. */
  readonly host: string;
  readonly #folder: string;
  readonly #child: ChildProcess;
  readonly #headers: Record<string, string>;

  private constructor(host: string, folder: string, child: ChildProcess, headers: Record<string, string>) {
    this.host = host;
    this.#folder = folder;
    this.#child = child;
    this.#headers = headers;
  }

  /** @param login with true, it wants user `ann` and password `secret`. */
  static async start({ login = false } = {}): Promise<DockerRegistry> {
    const folder = mkdtempSync(join(tmpdir(), 'tinyd-docker-registry-'));
    const host = `127.0.0.1:${await freePort()}`;
    writeFileSync(join(folder, 'htpasswd'), `ann:${BCRYPT_OF_SECRET}\n`);
    const auth = login ? `auth: {htpasswd: {realm: test, path: "${folder}/htpasswd"}}\n` : '';
    const storage = `storage: {filesystem: {rootdirectory: "${folder}/data"}}\n`;
    writeFileSync(
      join(folder, 'config.yml'),
      `version: 0.1\nlog: {level: error}\n${storage}${auth}http: {addr: "${host}"}\n`,
    );
    const child = spawn('docker-registry', ['serve', join(folder, 'config.yml')], { stdio: 'ignore' });
    const headers: Record<string, string> = login ? { authorization: `Basic ${btoa('ann:secret')}` } : {};
    const registry = new DockerRegistry(host, folder, child, headers);
    await registry.#answering();
    return registry;
  }

  /** Uploads an image, by the distribution API. */
  async push(repository: string, tag: string, { root, documents, blobs }: ImageContent): Promise<void> {
    for (const [digest, blob] of blobs) {
      if (!(blob instanceof Uint8Array)) throw new Error('only blobs in memory can be pushed');
      const started = await this.#send('POST', `/v2/${repository}/blobs/uploads/`, 202);
      const location = new URL(started.headers.get('location') ?? '', `http://${this.host}`);
      location.searchParams.set('digest', digest);
      await this.#send('PUT', location.pathname + location.search, 201, blob, 'application/octet-stream');
    }
    // What an index lists must be there before it.
    const [indexes, manifests] = [
      [...documents].filter(isIndex),
      [...documents].filter(entry => !isIndex(entry)),
    ];
    for (const [digest, { bytes, mediaType }] of [...manifests, ...indexes]) {
      const name = digest === root ? tag : digest;
      await this.#send('PUT', `/v2/${repository}/manifests/${name}`, 201, bytes, mediaType);
    }
  }

  async stop(): Promise<void> {
    const gone = new Promise(resolve => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await gone;
    rmSync(this.#folder, { recursive: true });
  }

  async #answering(): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    for (;;) {
      try {
        await this.#send('GET', '/v2/', 200);
        return;
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await sleep(30);
      }
    }
  }

  async #send(
    method: string,
    path: string,
    status: number,
    body?: Uint8Array,
    type?: string,
  ): Promise<Response> {
    const headers = { ...this.#headers, ...(type && { 'content-type': type }) };
    const response = await fetch(`http://${this.host}${path}`, {
      method,
      headers,
      ...(body && { body: Buffer.from(body) }),
    });
    const text = await response.text();
    if (response.status !== status) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return response;
  }
}

function isIndex([, { bytes, mediaType }]: [
  unknown,
  { readonly bytes: Uint8Array; readonly mediaType: string },
]): boolean {
  return parseManifestDocument(bytes, mediaType).kind === 'index';
}

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
