import { type Digest, type ErrorCode, isTinydError, type SourceCall, TinydError } from '@tinyd/core';
import type { RetryPolicy } from '../http/retry';
import type { BlobServer } from './foreign';

/** A mirror that fails like this is not asked again: it is not there, or what it holds is wrong. */
const DISQUALIFYING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ERR_TINYD_REGISTRY_UNREACHABLE',
  'ERR_TINYD_REGISTRY_TLS',
  'ERR_TINYD_REGISTRY_PROTOCOL',
  'ERR_TINYD_CONTENT_DIGEST',
  'ERR_TINYD_CONTENT_SIZE',
]);

/** A mirror that fails like this may do better in a moment. */
const PASSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ERR_TINYD_REGISTRY_UNREACHABLE',
  'ERR_TINYD_REGISTRY_UNAVAILABLE',
]);

/** With others left to ask, little patience is enough. */
const MIRROR_PATIENCE = { attempts: 2, maxMs: 1000, maxRetryAfterMs: 1000 } as const;

/** Remembers, for the life of a client, which mirrors are worth asking. */
export class Failover {
  readonly #retry: RetryPolicy;
  readonly #disqualified = new Set<BlobServer>();
  /** Never asked again, however well they do elsewhere. */
  readonly #distrusted = new Set<BlobServer>();
  readonly #servers = new Map<Digest, Set<BlobServer>>();

  constructor(retry: RetryPolicy) {
    this.#retry = retry;
  }

  /** Those of a registry's endpoints that are worth asking. */
  usable<T extends BlobServer>(servers: readonly T[]): T[] {
    return servers.filter(server => !this.#disqualified.has(server) && !this.#distrusted.has(server));
  }

  /** Starts one piece of work that may be tried with several endpoints. */
  begin(call: SourceCall): Attempts {
    return new Attempts(call, this.#retry, this.#disqualified);
  }

  /** Notes who sent bytes of a blob. */
  served(server: BlobServer, digest: Digest): void {
    const servers = this.#servers.get(digest);
    if (servers === undefined) this.#servers.set(digest, new Set([server]));
    else servers.add(server);
  }

  /** Rules the mirrors out that sent bytes of a blob; false when there was none among its servers. */
  distrust(digest: Digest): boolean {
    const mirrors = [...(this.#servers.get(digest) ?? [])].filter(server => server.endpoint.isMirror);
    for (const server of mirrors) this.#distrusted.add(server);
    this.#servers.delete(digest);
    return mirrors.length > 0;
  }
}

/** The endpoints that one piece of work was tried with, and why they failed. */
export class Attempts {
  readonly #call: SourceCall;
  readonly #retry: RetryPolicy;
  readonly #disqualified: Set<BlobServer>;
  readonly #failures = new Map<BlobServer, TinydError>();
  /** Why the registry itself could not be reached, once the mirrors get a second chance because of it. */
  #outOfReach: { readonly registry: string; readonly error: TinydError } | undefined;

  constructor(call: SourceCall, retry: RetryPolicy, disqualified: Set<BlobServer>) {
    this.#call = call;
    this.#retry = retry;
    this.#disqualified = disqualified;
  }

  /**
   * The servers in the order in which to try them: mirrors, the registry, and if that is out of reach the mirrors again
   * that only had a bad moment.
   */
  *inTurn<T extends BlobServer>(servers: readonly T[]): Generator<T> {
    yield* servers;
    for (const server of servers) {
      const failure = this.#failures.get(server);
      if (failure !== undefined && PASSING.has(failure.code)) yield server;
    }
  }

  /** How patient to be with a server. */
  policyFor({ endpoint }: BlobServer): RetryPolicy {
    if (!endpoint.isMirror || this.#outOfReach) return this.#retry;
    const { attempts, maxMs, maxRetryAfterMs } = MIRROR_PATIENCE;
    return {
      ...this.#retry,
      attempts: Math.min(attempts, this.#retry.attempts),
      maxMs: Math.min(maxMs, this.#retry.maxMs),
      maxRetryAfterMs,
    };
  }

  /** A server did its work after all. */
  succeeded(server: BlobServer): void {
    this.#disqualified.delete(server);
  }

  /** Takes a failure in: returns when another endpoint may be left, else throws what the caller should see. */
  failed(server: BlobServer, error: unknown): void {
    const { isMirror, name } = server.endpoint;
    if (this.#call.signal?.aborted || !isTinydError(error)) throw error;
    if (!isMirror) {
      const hasHope = [...this.#failures.values()].some(({ code }) => PASSING.has(code));
      if (error.code !== 'ERR_TINYD_REGISTRY_UNREACHABLE' || !hasHope) throw this.#summary(name, error);
      this.#outOfReach = { registry: name, error };
      return;
    }
    if (DISQUALIFYING.has(error.code)) this.#disqualified.add(server);
    const isNews = this.#failures.get(server)?.message !== error.message;
    this.#failures.set(server, error);
    if (isNews) this.#call.onNotice?.({ type: 'mirror-failed', mirror: name, reason: error.message });
  }

  /** To be called when every server had its turn: throws what the caller should see. */
  exhausted(): never {
    if (this.#outOfReach) throw this.#summary(this.#outOfReach.registry, this.#outOfReach.error);
    throw new TinydError('ERR_TINYD_INTERNAL', 'cannot fetch: there is no endpoint to ask');
  }

  /**
   * The registry's own failure is reported, and those of its mirrors are told beside it. Where the registry is out of
   * reach, as behind a wall that only the mirror has a door in, what the mirror misses is the better answer.
   */
  #summary(registry: string, error: TinydError): TinydError {
    if (this.#failures.size === 0) return error;
    const mirrors = [...this.#failures].map(([{ endpoint }, failure]) => ({
      name: `mirror ${endpoint.name}`,
      failure,
    }));
    const missing = mirrors.find(({ failure }) => failure.code === 'ERR_TINYD_REGISTRY_NOT_FOUND')?.failure;
    const told = error.code === 'ERR_TINYD_REGISTRY_UNREACHABLE' && missing !== undefined ? missing : error;
    const others = [...mirrors, { name: registry, failure: error }].filter(({ failure }) => failure !== told);
    const tried = others.map(({ name, failure }) => `${name}: ${failure.message}`);
    return new TinydError(told.code, told.message, {
      hint: [...(told.hint === undefined ? [] : [told.hint]), ...tried].join('; '),
      details: { ...told.details, mirrors: mirrors.map(({ failure }) => failure.message) },
      cause: told.cause,
    });
  }
}
