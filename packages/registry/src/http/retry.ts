import { setTimeout as wait } from 'node:timers/promises';
import type { SourceCall } from '@tinyd/core';
import { redactUrl } from './redact';
import { TransientFailure } from './transient';

/** How often and how patiently a request is repeated. */
export interface RetryPolicy {
  /** Tries in all, the first included. */
  readonly attempts: number;
  /** Delay before the second try; doubles from then on. */
  readonly baseMs: number;
  readonly maxMs: number;
  /** The longest Retry-After that is waited for; beyond it the call fails and says when to come back. */
  readonly maxRetryAfterMs: number;
  /** In a test: what sleeping does. */
  readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  /** Between 0 and 1, like Math.random. */
  readonly random: () => number;
}

/** 1, 2, 4, 8, 16 seconds, each up to a half shorter or longer. */
export const DEFAULT_RETRY: RetryPolicy = {
  attempts: 6,
  baseMs: 1000,
  maxMs: 30_000,
  maxRetryAfterMs: 60_000,
  sleep: async (ms, signal) => {
    await wait(ms, undefined, signal && { signal });
  },
  random: Math.random,
};

/** Counts the tries of one piece of work, and sleeps between them. */
export class RetryBudget {
  readonly #policy: RetryPolicy;
  readonly #call: SourceCall;
  #tries = 0;
  #inContact = false;

  constructor(policy: RetryPolicy, call: SourceCall) {
    this.#policy = policy;
    this.#call = call;
  }

  /** The server did real work: what failed before is forgotten. */
  progress(): void {
    this.#tries = 0;
    this.#inContact = true;
  }

  /**
   * Sleeps until the next try.
   *
   * Throws what `error` stands for when it is permanent, the tries are spent, or the server asks for more patience than
   * the policy has.
   */
  async next(error: unknown, url: URL): Promise<void> {
    if (!(error instanceof TransientFailure)) throw error;
    const { attempts, baseMs, maxMs, maxRetryAfterMs, random, sleep } = this.#policy;
    this.#tries++;
    const outOfReach = error.beforeContact && !this.#inContact;
    if (outOfReach || this.#tries >= attempts || (error.retryAfterMs ?? 0) > maxRetryAfterMs)
      throw error.failure;

    const backoff = Math.min(baseMs * 2 ** (this.#tries - 1), maxMs) * (0.5 + random());
    const delayMs = Math.round(Math.max(backoff, error.retryAfterMs ?? 0));
    const reason = error.failure.message;
    this.#call.onNotice?.({ type: 'retry', url: redactUrl(url), attempt: this.#tries, delayMs, reason });
    await sleep(delayMs, this.#call.signal);
  }
}

/** Repeats `work` while it fails in ways that may pass. */
export async function retrying<T>(
  policy: RetryPolicy,
  call: SourceCall,
  url: URL,
  work: () => Promise<T>,
): Promise<T> {
  const budget = new RetryBudget(policy, call);
  for (;;) {
    try {
      return await work();
    } catch (error) {
      await budget.next(error, url);
    }
  }
}
