import { isTinydError, type SourceCall, TinydError } from '@tinyd/core';
import { Authorizer } from '../auth/authorizer';
import { parseChallenges } from '../auth/challenge';
import type { CredentialsLookup } from '../auth/credentials';
import type { Endpoint } from '../config/endpoint';
import { discard, readStart } from '../http/limit';
import { type HttpResponse, headerLines } from '../http/message';
import { networkFailure } from '../http/network-failure';
import { printable } from '../http/redact';
import { sendFollowing } from '../http/redirect';
import { statusFailure } from '../http/status-failure';
import { reported, TransientFailure } from '../http/transient';
import type { Transport } from '../http/transport';
import { portOf } from '../http/url';

/** What a {@link Session} is made of. */
export interface SessionOptions {
  readonly endpoint: Endpoint;
  readonly transport: Transport;
  readonly credentials: CredentialsLookup;
  readonly userAgent: string;
}

/** One request to an endpoint, by its path within a repository. */
export interface EndpointRequest {
  readonly method: 'GET' | 'HEAD';
  /** Repository path in the registry: `library/nginx`. */
  readonly repository: string;
  /** `manifests/latest`, `blobs/sha256:…`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** For error messages: "blob sha256:…". */
  readonly what: string;
}

/** Answers to 401 in one request: a token, and a token for the scope that the first one lacked. */
const MAX_AUTHENTICATIONS = 2;

/** Talks to one endpoint: authentication, redirects, and the choice between HTTP and HTTPS on loopback. */
export class Session {
  readonly endpoint: Endpoint;
  readonly #options: SessionOptions;
  readonly #authorizer: Authorizer;
  #base: URL;
  #alternative: URL | undefined;

  constructor(options: SessionOptions) {
    this.endpoint = options.endpoint;
    this.#options = options;
    this.#authorizer = new Authorizer({ ...options, base: () => this.#base });
    this.#base = options.endpoint.base;
    this.#alternative = options.endpoint.alternative;
  }

  /** Scheme, host and port in use. */
  get origin(): string {
    return this.#base.origin;
  }

  /** False once a login was used here. */
  isAnonymous(): Promise<boolean> {
    return this.#authorizer.isAnonymous();
  }

  /** The address of something in a repository. */
  urlOf({ repository, path }: Pick<EndpointRequest, 'repository' | 'path'>): URL {
    return new URL(`/v2/${this.endpoint.pathPrefix}${repository}/${path}`, this.#base);
  }

  /**
   * Sends a request and returns the response if it succeeded.
   *
   * Fails with a TinydError, or with a TransientFailure when the same request may succeed later.
   */
  async request(request: EndpointRequest, call: SourceCall): Promise<HttpResponse> {
    const response = await this.#respond(request, call);
    if (response.status < 400) return response;
    const anonymous = await this.isAnonymous();
    const failure = await statusFailure(response, {
      what: request.what,
      anonymous,
    });
    // A signed URL of the registry's storage has expired: the registry will give another one.
    const isStale = response.url.origin !== this.#base.origin && [400, 401, 403].includes(response.status);
    throw isStale && failure instanceof TinydError ? new TransientFailure(failure) : failure;
  }

  /** As {@link request}, but returns responses of any status. */
  async #respond(request: EndpointRequest, call: SourceCall): Promise<HttpResponse> {
    let scope = `repository:${this.endpoint.pathPrefix}${request.repository}:pull`;
    for (let authentications = 0; ; authentications++) {
      const authorization = await this.#authorization(scope, call);
      const response = await this.#send(request, authorization, call);
      reportWarnings(response, call);
      const isOurs = response.url.origin === this.#base.origin;
      if (response.status !== 401 || !isOurs || authentications === MAX_AUTHENTICATIONS) return response;
      const challenges = parseChallenges(headerLines(response, 'www-authenticate'));
      const next = await this.#authorizer.accept(challenges, scope, authorization);
      if (next === undefined || (authentications > 0 && next === scope)) return response;
      await discard(response);
      scope = next;
    }
  }

  async #authorization(scope: string, call: SourceCall): Promise<string | undefined> {
    try {
      return await this.#authorizer.header(scope, call);
    } catch (error) {
      throw networkFailure(error, this.#base, call.signal);
    }
  }

  async #send(
    request: EndpointRequest,
    authorization: string | undefined,
    call: SourceCall,
  ): Promise<HttpResponse> {
    const alternative = this.#alternative;
    if (alternative === undefined) return this.#exchange(request, authorization, call);
    let failure: unknown;
    try {
      const response = await this.#exchange(request, authorization, call);
      if (!(await complainsOfHttp(request, response))) {
        this.#alternative = undefined;
        return response;
      }
    } catch (error) {
      if (call.signal?.aborted || !mayMeanOtherScheme(error, this.#base, alternative)) throw error;
      failure = error;
    }
    const first = this.#base;
    try {
      this.#base = alternative;
      const response = await this.#exchange(request, authorization, call);
      this.#alternative = undefined;
      return response;
    } catch (error) {
      this.#base = first;
      // The scheme that was tried first is the likely one: its failure says more, unless there is TLS after all.
      if (failure !== undefined) throw isAboutCertificate(error) ? error : failure;
      this.#alternative = undefined;
      return this.#exchange(request, authorization, call);
    }
  }

  async #exchange(
    request: EndpointRequest,
    authorization: string | undefined,
    call: SourceCall,
  ): Promise<HttpResponse> {
    const { transport, userAgent } = this.#options;
    const url = this.urlOf(request);
    const headers = { ...request.headers, 'user-agent': userAgent, ...(authorization && { authorization }) };
    try {
      return await sendFollowing(
        transport,
        { method: request.method, url, headers, signal: call.signal },
        this.endpoint.trust,
      );
    } catch (error) {
      throw networkFailure(error, url, call.signal);
    }
  }
}

/** False for failures that the other scheme would meet as well. */
function mayMeanOtherScheme(error: unknown, base: URL, alternative: URL): boolean {
  const failure = reported(error);
  const cause = isTinydError(failure) ? failure.details.cause : undefined;
  if (cause === 'UND_ERR_HEADERS_TIMEOUT') return false;
  return portOf(base) !== portOf(alternative) || !(error instanceof TransientFailure && error.beforeContact);
}

function isAboutCertificate(error: unknown): boolean {
  if (!isTinydError(error) || error.code !== 'ERR_TINYD_REGISTRY_TLS') return false;
  return /CERT|ISSUER|VERIFY/.test(String(error.details.cause));
}

/** True for the 400 with which TLS servers answer plain HTTP. Its body is used up then. */
async function complainsOfHttp({ method }: EndpointRequest, response: HttpResponse): Promise<boolean> {
  if (response.status !== 400 || response.url.protocol !== 'http:') return false;
  const text = Buffer.from(await readStart(response, 4096)).toString('latin1');
  return method === 'HEAD' || /HTTPS/i.test(text);
}

/** `Warning: 299 - "text"` is what a registry wants its users to read (distribution-spec, "Warnings"). */
function reportWarnings(response: HttpResponse, call: SourceCall): void {
  for (const line of headerLines(response, 'warning')) {
    const text = /^\s*299\s+\S+\s+"((?:[^"\\]|\\.)*)"/.exec(line)?.[1];
    if (text) call.onNotice?.({ type: 'warning', text: printable(text.replace(/\\(.)/g, '$1')) });
  }
}
