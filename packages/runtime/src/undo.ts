import { isTinydError, TinydError } from '@tinyd/core';

/**
 * Compensations of a verb under way, run last first when it fails.
 *
 * What cannot be undone is kept: it travels as `cleanupErrors` of the error that caused the undoing.
 */
export class Undo {
  readonly #steps: (() => void | Promise<void>)[] = [];

  /** Remembers how to take back what was just done. */
  add(step: () => void | Promise<void>): void {
    this.#steps.push(step);
  }

  /** Forgets everything: the verb has succeeded. */
  commit(): void {
    this.#steps.length = 0;
  }

  /** Takes everything back, and returns `failure` with what could not be taken back added to it. */
  async rollBack(failure: unknown): Promise<unknown> {
    const cleanupErrors: Error[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step();
      } catch (error) {
        cleanupErrors.push(error instanceof Error ? error : new Error(String(error)));
      }
    }
    if (cleanupErrors.length === 0) return failure;
    if (isTinydError(failure)) {
      return new TinydError(failure.code, failure.message, {
        ...(failure.hint === undefined ? {} : { hint: failure.hint }),
        details: failure.details,
        cause: failure.cause,
        cleanupErrors: [...failure.cleanupErrors, ...cleanupErrors],
      });
    }
    return new TinydError('ERR_TINYD_SYSTEM', failure instanceof Error ? failure.message : String(failure), {
      cause: failure,
      cleanupErrors,
    });
  }
}
