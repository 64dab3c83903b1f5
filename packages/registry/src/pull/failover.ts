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
  readonly #reasons = new Map<string, string>();

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

  /** Takes a failure in: returns when another endpoint is to be asked, else throws what the caller should see. */
  failed(server: BlobServer, error: unknown, call: SourceCall): void {
    const { isMirror, name } = server.endpoint;
    if (call.signal?.aborted || !isTinydError(error)) throw error;
    if (!isMirror) throw this.#withMirrors(error);
    if (DISQUALIFYING.has(error.code)) this.#disqualified.add(server);
    this.#reasons.set(name, error.message);
    call.onNotice?.({ type: 'mirror-failed', mirror: name, reason: error.message });
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

  /** The registry's own failure is reported; that mirrors failed before it may be what the user has to mend. */
  #withMirrors(error: TinydError): TinydError {
    if (this.#reasons.size === 0) return error;
    const mirrors = Object.fromEntries(this.#reasons);
    const tried = [...this.#reasons].map(([name, reason]) => `mirror ${name}: ${reason}`).join('; ');
    return new TinydError(error.code, error.message, {
      hint: error.hint === undefined ? tried : `${error.hint}; ${tried}`,
      details: { ...error.details, mirrors },
      cause: error.cause,
    });
  }
}
