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

/** With others left to ask, little patience is enough. */
const MIRROR_PATIENCE = { attempts: 2, maxMs: 1000, maxRetryAfterMs: 1000 } as const;

/** Remembers, for the life of a client, which mirrors are worth asking. */
export class Failover {
  readonly #retry: RetryPolicy;
  readonly #disqualified = new Set<BlobServer>();
  readonly #servers = new Map<Digest, Set<BlobServer>>();

  constructor(retry: RetryPolicy) {
    this.#retry = retry;
  }

  /** Those of a registry's endpoints that are worth asking. */
  usable<T extends BlobServer>(servers: readonly T[]): T[] {
    return servers.filter(server => !this.#disqualified.has(server));
  }

  policyFor({ endpoint }: BlobServer): RetryPolicy {
    if (!endpoint.isMirror) return this.#retry;
    const { attempts, maxMs, maxRetryAfterMs } = MIRROR_PATIENCE;
    return {
      ...this.#retry,
      attempts: Math.min(attempts, this.#retry.attempts),
      maxMs: Math.min(maxMs, this.#retry.maxMs),
      maxRetryAfterMs,
    };
  }

  /** Starts one piece of work that may be tried with several endpoints. */
  begin(call: SourceCall): Attempts {
    return new Attempts(call, server => this.#disqualified.add(server));
  }

  /** Notes who sent bytes of a blob. */
  served(server: BlobServer, digest: Digest): void {
    const servers = this.#servers.get(digest);
    if (servers === undefined) this.#servers.set(digest, new Set([server]));
    else servers.add(server);
  }

  /** Disqualifies the mirrors that sent bytes of a blob; false when there was none among its servers. */
  distrust(digest: Digest): boolean {
    const mirrors = [...(this.#servers.get(digest) ?? [])].filter(server => server.endpoint.isMirror);
    for (const server of mirrors) this.#disqualified.add(server);
    this.#servers.delete(digest);
    return mirrors.length > 0;
  }
}

/** The endpoints that one piece of work was tried with, and why they failed. */
export class Attempts {
  readonly #call: SourceCall;
  readonly #disqualify: (server: BlobServer) => void;
  readonly #failures = new Map<string, TinydError>();

  constructor(call: SourceCall, disqualify: (server: BlobServer) => void) {
    this.#call = call;
    this.#disqualify = disqualify;
  }

  /** Takes a failure in: returns when another endpoint is to be asked, else throws what the caller should see. */
  failed(server: BlobServer, error: unknown): void {
    const { isMirror, name } = server.endpoint;
    if (this.#call.signal?.aborted || !isTinydError(error)) throw error;
    if (!isMirror) throw this.#summary(name, error);
    if (DISQUALIFYING.has(error.code)) this.#disqualify(server);
    this.#failures.set(name, error);
    this.#call.onNotice?.({ type: 'mirror-failed', mirror: name, reason: error.message });
  }

  /**
   * The registry's own failure is reported, and those of its mirrors are told beside it. Where the registry is out of
   * reach, as behind a wall that only the mirror has a door in, what the mirror misses is the better answer.
   */
  #summary(registry: string, error: TinydError): TinydError {
    if (this.#failures.size === 0) return error;
    const missing = [...this.#failures.values()].find(({ code }) => code === 'ERR_TINYD_REGISTRY_NOT_FOUND');
    const told = error.code === 'ERR_TINYD_REGISTRY_UNREACHABLE' && missing !== undefined ? missing : error;
    const all: readonly (readonly [string, TinydError])[] = [...this.#failures, [registry, error]];
    const others = all.filter(([, other]) => other !== told);
    const tried = [...others].map(
      ([name, { message }]) => `${name === registry ? '' : 'mirror '}${name}: ${message}`,
    );
    const mirrors = Object.fromEntries([...this.#failures].map(([name, { message }]) => [name, message]));
    return new TinydError(told.code, told.message, {
      hint: [...(told.hint === undefined ? [] : [told.hint]), ...tried].join('; '),
      details: { ...told.details, mirrors },
      cause: told.cause,
    });
  }
}
