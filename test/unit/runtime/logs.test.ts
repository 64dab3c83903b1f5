import { strict as assert } from 'node:assert';
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { timeToNanoseconds } from '../../../packages/runtime/dist/logs/entry';
import { type LogOptions, readLogs } from '../../../packages/runtime/dist/logs/read-logs';

const timeOf = (n: number) =>
  `2026-01-01T00:00:${String(n % 60).padStart(2, '0')}.${String(n).padStart(9, '0')}Z`;
const line = (n: number, stream = 'stdout') =>
  `${JSON.stringify({ log: `line ${n}\n`, stream, time: timeOf(n) })}\n`;
const lines = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => line(from + index)).join('');

describe('logs', () => {
  let folder: string;
  let log: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tinyd-logs-'));
    log = join(folder, 'x-json.log');
    writeFileSync(`${log}.2`, lines(1, 10));
    writeFileSync(`${log}.1`, lines(11, 20));
    writeFileSync(log, lines(21, 25));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const collect = async (options: LogOptions, isRunning = () => false) => {
    const numbers: number[] = [];
    for await (const entry of readLogs(log, options, isRunning)) numbers.push(Number(entry.text.slice(5)));
    return numbers;
  };
  const range = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => from + index);

  it('reads all files, oldest first', async () => {
    assert.deepEqual(await collect({}), range(1, 25));
  });

  for (const tail of [0, 1, 4, 5, 6, 15, 16, 24, 25, 26, 1000]) {
    it(`finds the last ${tail} lines across files`, async () => {
      assert.deepEqual(await collect({ tail }), tail === 0 ? [] : range(Math.max(1, 26 - tail), 25));
    });
  }

  it('finds the tail of files larger than one chunk', async () => {
    writeFileSync(log, lines(21, 9000));
    assert.deepEqual(await collect({ tail: 5000 }), range(4001, 9000));
  });

  it('keeps the streams apart and the bytes whole', async () => {
    writeFileSync(log, line(1, 'stderr') + line(2));
    rmSync(`${log}.1`);
    rmSync(`${log}.2`);
    const streams: string[] = [];
    for await (const entry of readLogs(log, {}, () => false)) streams.push(entry.stream);
    assert.deepEqual(streams, ['stderr', 'stdout']);
  });

  it('skips what was torn, and waits for a line that is not complete', async () => {
    writeFileSync(log, `{"log":"x\n${line(21)}{"log":"line 22`);
    assert.deepEqual(await collect({ tail: 2 }), [21]);
  });

  it('selects by time to the nanosecond', async () => {
    const sinceNs = timeToNanoseconds(timeOf(12));
    const untilNs = timeToNanoseconds(timeOf(14));
    assert.ok(sinceNs !== undefined && untilNs !== undefined);
    assert.deepEqual(await collect({ sinceNs, untilNs }), [12, 13, 14]);
    assert.deepEqual(await collect({ sinceNs: sinceNs + 1n, untilNs: untilNs - 1n }), [13]);
  });

  it('follows across rotations without loss or repetition, and ends with the container', async () => {
    let running = true;
    const following = collect({ follow: true, tail: 1 }, () => running);
    await sleep(30);
    for (let first = 26; first < 66; first += 4) {
      appendFileSync(log, lines(first, first + 1));
      if (first % 8 === 2) await sleep(3);
      appendFileSync(log, lines(first + 2, first + 3));
      renameSync(`${log}.1`, `${log}.2`);
      renameSync(log, `${log}.1`);
      writeFileSync(log, '');
      await sleep(first % 8 === 2 ? 0 : 5);
    }
    appendFileSync(log, lines(66, 70));
    running = false;
    assert.deepEqual(await following, range(25, 70));
  });

  it('follows a log that does not exist yet', async () => {
    for (const path of [log, `${log}.1`, `${log}.2`]) rmSync(path);
    let running = true;
    const following = collect({ follow: true }, () => running);
    await sleep(20);
    writeFileSync(log, lines(1, 3));
    await sleep(20);
    running = false;
    assert.deepEqual(await following, [1, 2, 3]);
  });

  it('ends when it is aborted', async () => {
    const stop = new AbortController();
    const following = collect({ follow: true, signal: stop.signal }, () => true);
    await sleep(20);
    stop.abort();
    assert.deepEqual(await following, range(1, 25));
  });

  it('a log that is not there is empty', async () => {
    for (const path of [log, `${log}.1`, `${log}.2`]) rmSync(path);
    assert.deepEqual(await collect({}), []);
  });
});
