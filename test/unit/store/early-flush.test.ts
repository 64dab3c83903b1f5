import { strictEqual } from 'node:assert/strict';
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EarlyFlush } from '../../../packages/store/dist/pull/early-flush';

const MIB = 1024 * 1024;

describe('flushing ahead of the commit', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tinyd-flush-'));
  after(() => rmSync(folder, { recursive: true }));

  /** Flushes under way hold the folder open. */
  const underWay = () =>
    readdirSync('/proc/self/fd').filter(fd => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === folder;
      } catch {
        return false;
      }
    }).length;

  it('begins when there is enough to write, once at a time, and lets go of the folder', async () => {
    const flush = new EarlyFlush(folder);
    flush.add(31 * MIB);
    strictEqual(underWay(), 0);
    flush.add(MIB);
    flush.add(64 * MIB);
    strictEqual(underWay(), 1);
    for (let wait = 0; underWay() > 0 && wait < 1000; wait++) await sleep(10);
    strictEqual(underWay(), 0);
    flush.add(0);
    strictEqual(underWay(), 1);
    for (let wait = 0; underWay() > 0 && wait < 1000; wait++) await sleep(10);
  });

  it('leaves failures to the commit', async () => {
    const flush = new EarlyFlush(join(folder, 'gone'));
    flush.add(32 * MIB);
    await sleep(10);
    flush.add(32 * MIB);
  });
});
