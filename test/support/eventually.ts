import { strict as assert } from 'node:assert';
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 60_000;
const PAUSE_MS = 20;

/** Waits for something to come true; fails the test with its words when it does not in a minute. */
export async function eventually(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) assert.fail(`never came true: ${what}`);
    await sleep(PAUSE_MS);
  }
}
