import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import type { Descriptor } from '@tinyd/core';
import type { Fault, RegistryServer } from '@tinyd/registry';
import {
  client,
  closeAll,
  first,
  IMPATIENT,
  layerOf,
  listening,
  nameOn,
  readBlob,
  sampleImage,
  server,
} from './context';

const MIB = 1024 * 1024;

describe('transferring a blob', () => {
  afterEach(closeAll);

  async function setUp(size: number, fault?: Fault, times = 1) {
    const image = await sampleImage(size);
    const registry = await server(image, fault && { fault: first(times, 'blob', fault) });
    const layer = layerOf(image);
    const content = image.blobs.get(layer.digest);
    ok(content instanceof Uint8Array);
    return { registry, layer, content: Buffer.from(content), reference: nameOn(registry) };
  }

  const ranges = ({ requests }: RegistryServer) => requests.map(({ headers }) => headers.range);

  it('resumes with Range where the connection broke', async () => {
    const { registry, layer, content, reference } = await setUp(500_000, { truncateAfter: 200_000 });
    const call = listening();
    const source = client();
    deepStrictEqual(await readBlob(source, reference, layer, call), content);
    deepStrictEqual(ranges(registry), [undefined, 'bytes=200000-']);
    deepStrictEqual(source.delays, [1000]);
    const [notice] = call.notices;
    ok(
      notice?.type === 'retry' &&
        notice.attempt === 1 &&
        notice.delayMs === 1000 &&
        notice.url.startsWith(registry.url),
    );
  });

  it('tells which memory it is done with, and only after the consumer is', async () => {
    const { layer, content, reference } = await setUp(3 * MIB);
    const parts: Buffer[] = [];
    let freed = 0;
    const onConsumed = (memory: ArrayBuffer) => {
      freed += memory.byteLength;
      // What it held must not be needed any more, by anybody.
      new Uint8Array(memory).fill(0);
    };
    for await (const chunk of client().fetchBlob(reference, layer, { onConsumed }))
      parts.push(Buffer.from(chunk));
    deepStrictEqual(Buffer.concat(parts), content);
    ok(freed > content.length / 2, `${freed} of ${content.length}`);
  });

  it('resumes where an answer without length ended early', async () => {
    const { registry, layer, content, reference } = await setUp(300_000, { endAfter: 100_000 });
    deepStrictEqual(await readBlob(client(), reference, layer), content);
    deepStrictEqual(ranges(registry), [undefined, 'bytes=100000-']);
  });

  it('resumes after a stall', async () => {
    const { registry, layer, content, reference } = await setUp(300_000, { stallAfter: 65_536 });
    deepStrictEqual(await readBlob(client(IMPATIENT), reference, layer), content);
    deepStrictEqual(ranges(registry), [undefined, 'bytes=65536-']);
  });

  it('gives up on a server that stalls for ever', async () => {
    const { layer, reference } = await setUp(300_000, { stallAfter: 0 }, 99);
    await rejects(readBlob(client({ ...IMPATIENT, retry: { attempts: 2 } }), reference, layer), {
      code: 'ERR_TINYD_REGISTRY_UNREACHABLE',
    });
  });

  it('takes a server that only trickles for one that stalls', async () => {
    const { registry, layer, content, reference } = await setUp(20_000, { bytesPerSecond: 200 });
    deepStrictEqual(await readBlob(client({ stallTimeoutMs: 100 }), reference, layer), content);
    strictEqual(registry.requests.length, 2);
  });

  it('does not take a slow consumer for a stalled server', async () => {
    const { registry, layer, reference, content } = await setUp(6 * MIB);
    let length = 0;
    for await (const chunk of client(IMPATIENT).fetchBlob(reference, layer)) {
      if (length === 0) await new Promise(resolve => setTimeout(resolve, 1200));
      length += chunk.length;
    }
    strictEqual(length, content.length);
    strictEqual(registry.requests.length, 1);
  });

  it('holds little in memory while the consumer is slow', async () => {
    const { layer, reference } = await setUp(64 * MIB);
    const chunks = client().fetchBlob(reference, layer);
    await chunks.next();
    const before = process.memoryUsage().external;
    await new Promise(resolve => setTimeout(resolve, 500));
    const grown = process.memoryUsage().external - before;
    ok(grown < 8 * MIB, `${grown} bytes piled up`);
    await chunks.return(undefined);
  });

  it('starts at the offset that the consumer asks for', async () => {
    const { registry, layer, content, reference } = await setUp(100_000);
    deepStrictEqual(await readBlob(client(), reference, layer, { offset: 60_000 }), content.subarray(60_000));
    deepStrictEqual(ranges(registry), ['bytes=60000-']);
  });

  it('asks nothing for a blob that is already whole, and refuses an offset beyond it', async () => {
    const { registry, layer, reference } = await setUp(1000);
    strictEqual((await readBlob(client(), reference, layer, { offset: layer.size })).length, 0);
    strictEqual(registry.requests.length, 0);
    await rejects(readBlob(client(), reference, layer, { offset: layer.size + 1 }), {
      code: 'ERR_TINYD_CONTENT_SIZE',
    });
  });

  it('discards what it has when a server ignores Range', async () => {
    const { registry, layer, content, reference } = await setUp(400_000, { ignoreRange: true }, 99);
    deepStrictEqual(
      await readBlob(client(), reference, layer, { offset: 150_000 }),
      content.subarray(150_000),
    );
    strictEqual(registry.requests.length, 1);
  });

  it('refuses a range that is not the one asked for', async () => {
    const { layer, reference } = await setUp(
      1000,
      { headers: { 'content-range': 'bytes 100-1999/2000' } },
      99,
    );
    await rejects(readBlob(client(), reference, layer, { offset: 500 }), {
      code: 'ERR_TINYD_REGISTRY_PROTOCOL',
    });
  });

  it('refuses a range of something of another size', async () => {
    const wrong = { headers: { 'content-range': `bytes 500-2559/9999` } };
    const { layer, reference } = await setUp(1000, wrong, 99);
    await rejects(readBlob(client(), reference, layer, { offset: 500 }), { code: 'ERR_TINYD_CONTENT_SIZE' });
  });

  it('takes 416 for a blob that is shorter than described', async () => {
    const { layer, reference } = await setUp(1000);
    const longer: Descriptor = { ...layer, size: layer.size + 100 };
    await rejects(readBlob(client(), reference, longer, { offset: layer.size + 50 }), {
      code: 'ERR_TINYD_CONTENT_SIZE',
    });
  });

  it('stops as soon as there is more than described, and yields none of it', async () => {
    const { layer, reference } = await setUp(1000, { extraBytes: 5 * MIB }, 99);
    let length = 0;
    const reading = (async () => {
      for await (const chunk of client().fetchBlob(reference, layer)) length += chunk.length;
    })();
    await rejects(reading, { code: 'ERR_TINYD_CONTENT_SIZE' });
    ok(length <= layer.size);
  });

  it('refuses another length before it reads', async () => {
    const { registry, layer, reference } = await setUp(100_000);
    await rejects(readBlob(client(), reference, { ...layer, size: layer.size - 1 }), {
      code: 'ERR_TINYD_CONTENT_SIZE',
    });
    await rejects(readBlob(client(), reference, { ...layer, size: layer.size + 1 }), {
      code: 'ERR_TINYD_CONTENT_SIZE',
    });
    strictEqual(registry.requests.length, 2);
  });

  it('refuses an encoding that it did not ask for', async () => {
    const { layer, reference } = await setUp(1000, { headers: { 'content-encoding': 'gzip' } }, 99);
    await rejects(readBlob(client(), reference, layer), { code: 'ERR_TINYD_REGISTRY_PROTOCOL' });
  });

  for (const status of [408, 429, 500, 502, 503, 504]) {
    it(`tries again after ${status}`, async () => {
      const { layer, content, reference } = await setUp(1000, { status, body: '' }, 2);
      const source = client();
      deepStrictEqual(await readBlob(source, reference, layer), content);
      deepStrictEqual(source.delays, [1000, 2000]);
    });
  }

  for (const status of [400, 403, 404, 405, 410, 451, 501]) {
    it(`does not try again after ${status}`, async () => {
      const { registry, layer, reference } = await setUp(1000, { status, body: '' }, 1);
      await rejects(readBlob(client(), reference, layer));
      strictEqual(registry.requests.length, 1);
    });
  }

  it('waits 1, 2, 4, 8, 16 seconds and then gives up', async () => {
    const { registry, layer, reference } = await setUp(1000, { drop: true }, 99);
    const source = client();
    await rejects(readBlob(source, reference, layer), { code: 'ERR_TINYD_REGISTRY_UNREACHABLE' });
    deepStrictEqual(source.delays, [1000, 2000, 4000, 8000, 16000]);
    strictEqual(registry.requests.length, 6);
  });

  it('never waits longer than half a minute', async () => {
    const { layer, reference } = await setUp(1000, { drop: true }, 99);
    const source = client({ retry: { attempts: 9 } });
    await rejects(readBlob(source, reference, layer));
    deepStrictEqual(source.delays.slice(4), [16000, 30000, 30000, 30000]);
  });

  it('forgets failures when a megabyte has come through', async () => {
    const { layer, content, reference } = await setUp(12 * MIB, { truncateAfter: MIB + MIB / 2 }, 99);
    const source = client({ retry: { attempts: 2 } });
    deepStrictEqual(await readBlob(source, reference, layer), content);
    ok(source.delays.length > 5 && source.delays.every(delay => delay === 1000));
  });

  it('counts failures that let through less', async () => {
    const { layer, reference } = await setUp(2 * MIB, { truncateAfter: 100_000 }, 99);
    await rejects(readBlob(client(), reference, layer), { code: 'ERR_TINYD_REGISTRY_UNREACHABLE' });
  });

  it('waits as long as Retry-After says, in seconds or until a date', async () => {
    const seconds = await setUp(1000, { status: 503, headers: { 'retry-after': '7' } });
    const bySeconds = client();
    await readBlob(bySeconds, seconds.reference, seconds.layer);
    deepStrictEqual(bySeconds.delays, [7000]);

    const headers = { date: 'Sat, 01 Jan 2000 00:00:00 GMT', 'retry-after': 'Sat, 01 Jan 2000 00:00:09 GMT' };
    const date = await setUp(1000, { status: 429, headers });
    const byDate = client();
    await readBlob(byDate, date.reference, date.layer);
    deepStrictEqual(byDate.delays, [9000]);
  });

  it('comes back later by itself only within a minute', async () => {
    const { registry, layer, reference } = await setUp(1000, {
      status: 503,
      headers: { 'retry-after': '3600' },
    });
    await rejects(readBlob(client(), reference, layer), { code: 'ERR_TINYD_REGISTRY_UNAVAILABLE' });
    strictEqual(registry.requests.length, 1);
  });
});
