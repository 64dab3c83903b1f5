import { type BlobCall, type Descriptor, familiarRepository, type Reference, TinydError } from '@tinyd/core';
import { type HttpResponse, header } from '../http/message';
import { networkFailure } from '../http/network-failure';
import type { RetryBudget } from '../http/retry';
import { TransientFailure } from '../http/transient';
import type { BlobServer } from './foreign';
import { wrongSize } from './verify';

/** Bytes after which a transfer counts as alive again, and its earlier failures as past. */
const PROGRESS_BYTES = 1024 * 1024;

/** A blob on its way, over however many connections it takes. */
export interface BlobTransfer {
  readonly reference: Reference;
  readonly descriptor: Descriptor;
  readonly call: BlobCall;
  /** Bytes that the consumer has. */
  have: number;
}

/**
 * Streams the rest of a blob from one endpoint, restarting with Range where it breaks, until it is whole.
 *
 * `transfer.have` is kept up to date, so that another endpoint can go on where this one gave up.
 */
export async function* streamBlob(
  server: BlobServer,
  transfer: BlobTransfer,
  budget: RetryBudget,
): AsyncGenerator<Uint8Array> {
  const { reference, descriptor } = transfer;
  const path = `blobs/${descriptor.digest}`;
  let mark = transfer.have;
  while (transfer.have < descriptor.size) {
    try {
      for await (const chunk of streamOnce(server, transfer, path)) {
        transfer.have += chunk.length;
        yield chunk;
        if (transfer.have - mark >= PROGRESS_BYTES) {
          mark = transfer.have;
          budget.progress();
        }
      }
    } catch (error) {
      await budget.next(error, server.urlOf({ repository: reference.path, path }));
    }
  }
}

/** One request's worth of a blob, starting at `transfer.have`. Never yields a byte beyond the blob's size. */
async function* streamOnce(
  server: BlobServer,
  transfer: BlobTransfer,
  path: string,
): AsyncGenerator<Uint8Array> {
  const { reference, descriptor, call } = transfer;
  const what = `blob ${descriptor.digest} of ${familiarRepository(reference)}`;
  const start = transfer.have;
  const headers = {
    // A range of an encoded body would be a range of something else.
    'accept-encoding': 'identity',
    ...(start > 0 && { range: `bytes=${start}-` }),
  };
  let response: HttpResponse;
  try {
    response = await server.request({ method: 'GET', repository: reference.path, path, headers, what }, call);
  } catch (error) {
    throw isUnsatisfiable(error) ? wrongSize(what, descriptor, `no more than ${start}`) : error;
  }
  let skip: number;
  try {
    skip = bytesToSkip(response, descriptor, start, what);
  } catch (error) {
    response.body.cancel();
    throw error;
  }
  let left = descriptor.size - start;
  try {
    for await (const chunk of response.body) {
      const fresh = skip === 0 ? chunk : chunk.subarray(Math.min(skip, chunk.length));
      skip -= chunk.length - fresh.length;
      if (fresh.length === 0) continue;
      if (fresh.length > left) throw wrongSize(what, descriptor, `more than ${descriptor.size}`);
      left -= fresh.length;
      yield fresh;
      if (isSoleOwner(chunk)) call.onConsumed?.(chunk.buffer);
    }
  } catch (error) {
    throw networkFailure(error, response.url, call.signal);
  }
  if (left > 0) throw cutShort(response, what);
}

/**
 * True when nothing but this chunk is in its memory, as for nearly all that comes from a socket: not in the pool from
 * which Node cuts small buffers, and with nothing behind it that is still to be parsed.
 */
function isSoleOwner(chunk: Uint8Array): chunk is Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = chunk;
  return (
    buffer instanceof ArrayBuffer &&
    buffer.byteLength > 2 * Buffer.poolSize &&
    byteOffset + byteLength === buffer.byteLength
  );
}

/** How much of the response the consumer has already: nothing of a 206, everything up to `start` of a 200. */
function bytesToSkip(response: HttpResponse, descriptor: Descriptor, start: number, what: string): number {
  const encoding = header(response, 'content-encoding');
  if (encoding !== undefined && encoding !== 'identity')
    throw protocolError(response, what, `is encoded as ${encoding.slice(0, 40)}`);
  if (response.status === 206) {
    const [, first, total] =
      /^bytes (\d{1,16})-\d{1,16}\/(\d{1,16}|\*)$/.exec(header(response, 'content-range') ?? '') ?? [];
    if (Number(first) !== start) throw protocolError(response, what, `does not start at byte ${start}`);
    if (total !== '*' && Number(total) !== descriptor.size) throw wrongSize(what, descriptor, Number(total));
    return 0;
  }
  if (response.status !== 200) throw protocolError(response, what, `came with status ${response.status}`);
  const length = header(response, 'content-length');
  if (length !== undefined && Number(length) !== descriptor.size)
    throw wrongSize(what, descriptor, Number(length));
  return start;
}

function isUnsatisfiable(error: unknown): boolean {
  return error instanceof TinydError && error.details.status === 416;
}

function cutShort(response: HttpResponse, what: string): TransientFailure {
  const message = `cannot fetch ${what}: ${response.url.host} ended it early`;
  return new TransientFailure(new TinydError('ERR_TINYD_REGISTRY_UNREACHABLE', message));
}

function protocolError(response: HttpResponse, what: string, reason: string): TinydError {
  return new TinydError(
    'ERR_TINYD_REGISTRY_PROTOCOL',
    `cannot fetch ${what}: the answer of ${response.url.host} ${reason}`,
  );
}
