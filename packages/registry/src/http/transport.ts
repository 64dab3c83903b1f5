import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Dispatcher, Pool } from 'undici';

import UndiciPool = require('undici/lib/dispatcher/pool.js');

import { exchange } from './exchange';
import type { HttpRequest, HttpResponse } from './message';
import { type Environment, proxyFor } from './proxy';
import { type TrustSettings, TrustStore } from './trust';

/** Set-up of a {@link Transport}. */
export interface TransportOptions {
  readonly env: Environment;
  readonly certsDirs: readonly string[];
  readonly connectTimeoutMs: number;
  /** Longest silence while a response is awaited or read. */
  readonly stallTimeoutMs: number;
  readonly connectionsPerOrigin: number;
}

/** Connections, kept alive per origin and trust; proxies and certificates are chosen here and nowhere else. */
export class Transport {
  readonly #options: TransportOptions;
  readonly #trustStore: TrustStore;
  readonly #dispatchers = new Map<string, Promise<Dispatcher>>();

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#trustStore = new TrustStore(options.env, options.certsDirs);
  }

  /** Sends one request as it is. Fails with undici's and Node's own errors, or with the signal's reason. */
  async send(request: HttpRequest, trust: TrustSettings): Promise<HttpResponse> {
    // undici counts a connection as busy until the turn in which its last response ended is over: asked any earlier, the
    // pool would open another one, and TLS would shake hands again.
    await nextTurn();
    const proxy = proxyFor(request.url, this.#options.env);
    const { stallTimeoutMs } = this.#options;
    const { origin, protocol, host, pathname, search } = request.url;
    if (proxy !== undefined && protocol === 'http:') {
      // A proxy takes plain HTTP by absolute URL; many refuse CONNECT to anything but port 443.
      const dispatcher = await this.#dispatcher(`via ${proxy.href}`, () =>
        this.#pool(new URL(proxy.origin), {}),
      );
      const headers = { ...request.headers, host, ...proxyAuthorization(proxy) };
      return exchange(dispatcher, `${origin}${pathname}${search}`, { ...request, headers }, stallTimeoutMs);
    }
    const key = `${origin} ${trust.insecureSkipVerify === true} ${trust.ca ?? ''}`;
    const dispatcher = await this.#dispatcher(key, () =>
      proxy === undefined ? this.#pool(request.url, trust) : this.#tunnel(request.url, proxy, trust),
    );
    return exchange(dispatcher, pathname + search, request, stallTimeoutMs);
  }

  /** Closes every connection at once, also those in use. */
  async close(): Promise<void> {
    const open = await Promise.allSettled(this.#dispatchers.values());
    this.#dispatchers.clear();
    await Promise.all(
      open.map(result => (result.status === 'fulfilled' ? result.value.destroy() : undefined)),
    );
  }

  #dispatcher(key: string, create: () => Dispatcher | Promise<Dispatcher>): Promise<Dispatcher> {
    let dispatcher = this.#dispatchers.get(key);
    if (dispatcher === undefined) {
      dispatcher = Promise.resolve().then(create);
      this.#dispatchers.set(key, dispatcher);
    }
    return dispatcher;
  }

  #pool(url: URL, trust: TrustSettings): Pool {
    return new UndiciPool(url.origin, { ...this.#poolOptions(), connect: this.#connectOptions(url, trust) });
  }

  async #tunnel(url: URL, proxy: URL, trust: TrustSettings): Promise<Dispatcher> {
    const { default: ProxyAgent } = await import('undici/lib/dispatcher/proxy-agent.js');
    const { default: connect } = await import('undici/lib/api/api-connect.js');
    return new ProxyAgent({
      ...this.#poolOptions(),
      uri: proxy.href,
      requestTls: this.#connectOptions(url, trust),
      // Only the whole of undici gives its pools this method.
      clientFactory: (origin, options) => Object.assign(new UndiciPool(origin, options), { connect }),
    });
  }

  #poolOptions() {
    const { stallTimeoutMs, connectionsPerOrigin } = this.#options;
    return { connections: connectionsPerOrigin, headersTimeout: stallTimeoutMs, bodyTimeout: stallTimeoutMs };
  }

  #connectOptions(url: URL, trust: TrustSettings) {
    const timeout = this.#options.connectTimeoutMs;
    if (url.protocol !== 'https:') return { timeout };
    return {
      timeout,
      secureContext: this.#trustStore.contextFor(url.host, trust),
      rejectUnauthorized: trust.insecureSkipVerify !== true,
    };
  }
}

function proxyAuthorization({ username, password }: URL): Record<string, string> {
  if (username === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}
