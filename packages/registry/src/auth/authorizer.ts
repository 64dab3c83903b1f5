import { type SourceCall, TinydError } from '@tinyd/core';
import type { Endpoint } from '../config/endpoint';
import { isLoopback } from '../http/proxy';
import type { Transport } from '../http/transport';
import { parseUrl } from '../http/url';
import type { Challenge } from './challenge';
import type { Credentials, CredentialsLookup } from './credentials';
import { basicHeader, fetchToken, type Token } from './token';

/** What an {@link Authorizer} works with. */
export interface AuthorizerOptions {
  readonly endpoint: Endpoint;
  /** Scheme, host and port in use, which on loopback may change. */
  readonly base: () => URL;
  readonly transport: Transport;
  readonly credentials: CredentialsLookup;
  readonly userAgent: string;
}

interface Realm {
  readonly url: URL;
  readonly service: string | undefined;
}

/** Keeps one endpoint's tokens and decides who may see its credentials. */
export class Authorizer {
  readonly #options: AuthorizerOptions;
  readonly #tokens = new Map<string, Promise<Token>>();
  #credentials: Promise<Credentials | undefined> | undefined;
  #scheme: { type: 'none' } | { type: 'basic' } | { type: 'bearer'; realm: Realm };

  constructor(options: AuthorizerOptions) {
    this.#options = options;
    const { tokenServer } = options.endpoint;
    this.#scheme = tokenServer ? { type: 'bearer', realm: tokenServer } : { type: 'none' };
  }

  /** False once a login was needed, found, and may be used here. Looks for none by itself: helpers are slow. */
  async isAnonymous(): Promise<boolean> {
    return (await this.#credentials) === undefined;
  }

  /**
   * The Authorization header to send, as far as the endpoint's wishes are known. Tokens are shared by all who ask
   * for the same scope, and renewed at four fifths of their life.
   */
  async header(scope: string, call: SourceCall): Promise<string | undefined> {
    if (this.#scheme.type === 'basic') return basicHeader(await this.#lookUp()).authorization;
    if (this.#scheme.type === 'none') return undefined;
    const credentials = await this.#lookUp();
    if (credentials?.type === 'registry-token') return `Bearer ${credentials.token}`;

    let token = this.#tokens.get(scope);
    if (token === undefined || (await isStale(token))) {
      // Somebody else may have renewed it while this caller looked.
      const current = this.#tokens.get(scope);
      token = current === token || current === undefined ? this.#renew(this.#scheme.realm, scope) : current;
    }
    return `Bearer ${(await untilAborted(token, call.signal)).value}`;
  }

  /**
   * Takes the challenges of a 401 into account: the next {@link header} answers them.
   *
   * @param sent the Authorization that was refused.
   * @returns the scope to ask for; undefined when nothing is left to try.
   */
  async accept(
    challenges: readonly Challenge[],
    scope: string,
    sent: string | undefined,
  ): Promise<string | undefined> {
    const bearer = challenges.find(
      challenge => challenge.scheme === 'bearer' && challenge.parameters.has('realm'),
    );
    if (bearer !== undefined) {
      this.#scheme = { type: 'bearer', realm: this.#realm(bearer) };
      const wanted = bearer.parameters.get('scope') || scope;
      await this.#forget(wanted, sent);
      return wanted;
    }
    const wantsBasic = challenges.some(challenge => challenge.scheme === 'basic');
    if (!wantsBasic || sent?.startsWith('Basic ') || (await this.#lookUp())?.type !== 'password')
      return undefined;
    this.#scheme = { type: 'basic' };
    return scope;
  }

  /** Drops the token that was refused, but not one that another request fetched since. */
  async #forget(scope: string, sent: string | undefined): Promise<void> {
    const token = this.#tokens.get(scope);
    const value = await token?.then(
      ({ value }) => value,
      () => undefined,
    );
    if (this.#tokens.get(scope) === token && (value === undefined || sent === `Bearer ${value}`))
      this.#tokens.delete(scope);
  }

  #renew(realm: Realm, scope: string): Promise<Token> {
    const token = this.#fetch(realm, scope);
    this.#tokens.set(scope, token);
    token.catch(() => {
      if (this.#tokens.get(scope) === token) this.#tokens.delete(scope);
    });
    return token;
  }

  async #fetch({ url: realm, service }: Realm, scope: string): Promise<Token> {
    const { endpoint, transport, userAgent } = this.#options;
    const credentials = await this.#lookUp();
    if (credentials !== undefined && realm.protocol === 'http:' && !isSafeHttpRealm(realm, endpoint)) {
      throw new TinydError(
        'ERR_TINYD_CREDENTIALS',
        `cannot send the login for ${endpoint.name} to ${realm.host}: it would travel unencrypted`,
        { details: { realm: realm.origin } },
      );
    }
    const trust =
      realm.host === endpoint.base.host ? endpoint.trust : endpoint.trust.ca ? { ca: endpoint.trust.ca } : {};
    // Without a signal: the token serves every request that waits for it, and no single one of them may end it.
    return fetchToken(transport, { realm, service, scope, credentials, userAgent, signal: undefined }, trust);
  }

  #realm(challenge: Challenge): Realm {
    const { base } = this.#options;
    const written = challenge.parameters.get('realm') ?? '';
    const url = parseUrl(written);
    if (url === undefined || !/^https?:$/.test(url.protocol)) throw this.#badRealm('names no token server');
    if (url.protocol === 'http:' && base().protocol === 'https:')
      throw this.#badRealm('names a token server without TLS');
    url.username = '';
    url.password = '';
    return { url, service: challenge.parameters.get('service') };
  }

  #badRealm(reason: string): TinydError {
    return new TinydError(
      'ERR_TINYD_REGISTRY_PROTOCOL',
      `cannot log in to ${this.#options.endpoint.name}: its challenge ${reason}`,
    );
  }

  #lookUp(): Promise<Credentials | undefined> {
    const { endpoint, credentials } = this.#options;
    this.#credentials ??= endpoint.mayUseCredentials
      ? credentials(endpoint.credentialsKey)
      : Promise.resolve(undefined);
    return this.#credentials;
  }
}

function isSafeHttpRealm(realm: URL, endpoint: Endpoint): boolean {
  return isLoopback(realm.hostname) || realm.hostname === endpoint.base.hostname;
}

async function isStale(token: Promise<Token>): Promise<boolean> {
  return performance.now() >= (await token.catch(() => ({ renewAtMs: 0 }))).renewAtMs;
}

/** Waits for shared work without letting this caller's signal end it for the others. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
