import { get } from 'node:http';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A TCP port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const server = createServer();
    server.once('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => done(port));
    });
  });
}

function getOnce(url: string): Promise<string> {
  return new Promise((done, failed) => {
    const request = get(url, { agent: false, timeout: 2000 }, response => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => done(Buffer.concat(chunks).toString()));
      response.on('error', failed);
    });
    request.on('timeout', () => request.destroy(new Error(`no answer from ${url}`)));
    request.on('error', failed);
  });
}

/** The body behind a URL; tries again for a few seconds, since a server needs a moment to listen. */
export async function httpGet(url: string, patienceMs = 5000): Promise<string> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    try {
      return await getOnce(url);
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(30);
    }
  }
}
