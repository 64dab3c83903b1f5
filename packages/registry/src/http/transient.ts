import type { TinydError } from '@tinyd/core';

/**
 * A failure that the same request may not meet again. Stays inside this package: whoever gives up throws `failure`.
 */
export class TransientFailure extends Error {
  readonly failure: TinydError;
  /** How long the server asked to be left alone. */
  readonly retryAfterMs: number | undefined;
  /** True when a server was never reached: worth repeating only where it had been reached before. */
  readonly beforeContact: boolean;

  constructor(
    failure: TinydError,
    options: { retryAfterMs?: number | undefined; beforeContact?: boolean } = {},
  ) {
    super(failure.message, { cause: failure });
    this.failure = failure;
    this.retryAfterMs = options.retryAfterMs;
    this.beforeContact = options.beforeContact ?? false;
  }
}

/** The failure to report: what is inside a {@link TransientFailure}, anything else as it is. */
export function reported(error: unknown): unknown {
  return error instanceof TransientFailure ? error.failure : error;
}
