import { TinydError } from '@tinyd/core';
import type { Dispatcher } from 'undici';
import type { HttpRequest, HttpResponse, ResponseBody } from './message';
import { TransientFailure } from './transient';

/** Bytes that may wait for the consumer before the socket is left unread. */
const HIGH_WATER_BYTES = 1024 * 1024;
/** A server that sends fewer bytes in four stall timeouts only pretends to be alive. */
const TRICKLE_BYTES = 4096;
const TRICKLE_TIMEOUTS = 4;

/**
 * Sends one request and resolves when the response's head has arrived; the body then flows with back-pressure.
 *
 * Fails with undici's errors, or with the signal's reason.
 */
export function exchange(
  dispatcher: Dispatcher,
  path: string,
  request: HttpRequest,
  stallTimeoutMs: number,
): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    if (request.signal?.aborted) return reject(request.signal.reason);
    const { method, url, headers, body } = request;
    const handler = new ExchangeHandler(request, stallTimeoutMs * TRICKLE_TIMEOUTS, resolve, reject);
    // Without `reset` undici closes the connection after each HEAD, for servers that answer it with a body.
    dispatcher.dispatch(
      { origin: url.origin, path, method, headers, body: body ?? null, reset: false },
      handler,
    );
  });
}

class ExchangeHandler implements Dispatcher.DispatchHandler, ResponseBody {
  readonly #request: HttpRequest;
  readonly #windowMs: number;
  readonly #resolve: (response: HttpResponse) => void;
  readonly #reject: (error: unknown) => void;
  /** A request that waits for a connection has no controller yet, and nobody to abort it but this. */
  readonly #onAbort = () => {
    if (this.#controller === undefined) this.#reject(this.#request.signal?.reason);
    else this.#controller.abort(abortReason(this.#request.signal));
  };
  readonly #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #windowStart = 0;
  #windowBytes = 0;
  #controller: Dispatcher.DispatchController | undefined;
  #wake: (() => void) | undefined;
  #ended = false;
  #error: unknown;

  constructor(
    request: HttpRequest,
    windowMs: number,
    resolve: (response: HttpResponse) => void,
    reject: (error: unknown) => void,
  ) {
    this.#request = request;
    this.#windowMs = windowMs;
    this.#resolve = resolve;
    this.#reject = reject;
    request.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#request.signal?.aborted) this.#onAbort();
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: HttpResponse['headers'],
  ): void {
    this.#startWindow();
    if (status >= 200) this.#resolve({ status, headers, url: this.#request.url, body: this });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    this.#queue.push(chunk);
    this.#queuedBytes += chunk.length;
    if (this.#queuedBytes > HIGH_WATER_BYTES) controller.pause();
    this.#wake?.();
    this.#windowBytes += chunk.length;
    if (performance.now() - this.#windowStart > this.#windowMs) {
      if (this.#windowBytes < TRICKLE_BYTES) controller.abort(trickle(this.#request.url));
      this.#startWindow();
    }
  }

  #startWindow(): void {
    this.#windowStart = performance.now();
    this.#windowBytes = 0;
  }

  onResponseEnd(): void {
    this.#finish();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#error = this.#request.signal?.aborted ? this.#request.signal.reason : error;
    this.#finish();
    this.#reject(this.#error);
  }

  #finish(): void {
    this.#ended = true;
    this.#request.signal?.removeEventListener('abort', this.#onAbort);
    this.#wake?.();
  }

  cancel(): void {
    this.#queue.length = 0;
    if (!this.#ended) this.#controller?.abort(new Error('response no longer wanted'));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const chunk = this.#queue.shift();
        if (chunk !== undefined) {
          this.#queuedBytes -= chunk.length;
          if (this.#queuedBytes <= HIGH_WATER_BYTES && this.#controller?.paused) {
            // While it was paused nothing could come.
            this.#startWindow();
            this.#controller.resume();
          }
          yield chunk;
        } else if (this.#ended) {
          if (this.#error !== undefined) throw this.#error;
          return;
        } else {
          await new Promise<void>(wake => {
            this.#wake = wake;
          });
          this.#wake = undefined;
        }
      }
    } finally {
      this.cancel();
    }
  }
}

function abortReason(signal: AbortSignal | undefined): Error {
  return signal?.reason instanceof Error ? signal.reason : new Error('aborted');
}

function trickle({ host }: URL): TransientFailure {
  return new TransientFailure(
    new TinydError('ERR_TINYD_REGISTRY_UNREACHABLE', `cannot reach ${host}: transfer stalled`),
  );
}
