import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { Fault } from './fault';

const CHUNK = 64 * 1024;

/** Sends a body as a fault has it: whole, cut, silent from some byte on, or slowly. */
export async function sendBody(response: ServerResponse, body: Uint8Array, fault: Fault): Promise<void> {
  const stop = fault.truncateAfter ?? fault.stallAfter ?? body.length;
  const step = fault.bytesPerSecond === undefined ? CHUNK : Math.max(1, Math.ceil(fault.bytesPerSecond / 20));
  for (let at = 0; at < Math.min(stop, body.length) && !response.destroyed; at += step) {
    const chunk = body.subarray(at, Math.min(at + step, stop, body.length));
    if (!response.write(chunk)) await drained(response);
    if (fault.bytesPerSecond !== undefined) await wait(50);
  }
  if (fault.truncateAfter !== undefined) {
    // What was written must leave before the connection goes.
    await wait(20);
    response.destroy();
  } else if (fault.stallAfter === undefined) {
    response.end();
  } else {
    response.flushHeaders();
  }
}

/** Resolves when the client has taken what was written, or is gone. */
async function drained(response: ServerResponse): Promise<void> {
  const settled = new AbortController();
  const { signal } = settled;
  await Promise.race([once(response, 'drain', { signal }), once(response, 'close', { signal })]).finally(() =>
    settled.abort(),
  );
}
