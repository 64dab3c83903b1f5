import { TinydError } from '@tinyd/core';
import type { HttpResponse } from './message';

/**
 * Reads a whole body that may have at most `limitBytes`; says so instead of cutting it.
 *
 * Fails with ERR_TINYD_CONTENT_SIZE, having read no further than the chunk that went over.
 */
export async function readLimited(
  response: HttpResponse,
  limitBytes: number,
  what: string,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body) {
    length += chunk.length;
    if (length > limitBytes) {
      throw new TinydError(
        'ERR_TINYD_CONTENT_SIZE',
        `cannot read ${what}: it is longer than ${limitBytes} bytes`,
        {
          details: { limitBytes },
        },
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

/** Reads at most the first `limitBytes` of a body that is only going to be shown; never fails. */
export async function readStart(response: HttpResponse, limitBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of response.body) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= limitBytes) break;
    }
  } catch {
    // What arrived before the connection broke is still worth showing.
  }
  return Buffer.concat(chunks).subarray(0, limitBytes);
}

/** Reads a short body away, so that its connection can be used again. */
export async function discard(response: HttpResponse): Promise<void> {
  await readStart(response, 64 * 1024);
}
