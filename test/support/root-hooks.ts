import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { hostState } from './host-state';

/** docker answers for what docker leaves. */
const isWatched = process.getuid?.() === 0 && process.env.TINYD_TARGET !== 'docker';
const SETTLE_MS = 5000;
let before: string[] = [];
let bridgesBefore: string[] = [];

function testBridges(): string[] {
  return readdirSync('/sys/class/net').filter(name => /^tinyd-[0-9a-f]{8}$/.test(name));
}

/** What is in `after` beyond `before`, counting duplicates. */
function surplus(after: readonly string[], base: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const item of base) left.set(item, (left.get(item) ?? 0) + 1);
  return after.filter(item => {
    const count = left.get(item) ?? 0;
    left.set(item, count - 1);
    return count <= 0;
  });
}

/** After every test the host must be as it was before: nothing of tinyd's may outlive its test. */
export const mochaHooks = {
  beforeAll(): void {
    bridgesBefore = testBridges();
  },
  beforeEach(): void {
    if (isWatched) before = hostState();
  },
  async afterEach(): Promise<void> {
    if (!isWatched) return;
    const deadline = Date.now() + SETTLE_MS;
    let leaked = surplus(hostState(), before);
    // A monitor undoes its container's cgroup and network just after it has told its clients the exit status.
    while (leaked.length > 0 && Date.now() < deadline) {
      await sleep(20);
      leaked = surplus(hostState(), before);
    }
    if (leaked.length > 0) throw new Error(`left behind on the host:\n  ${leaked.join('\n  ')}`);
  },
  /** Each test root has a bridge of its own, which goes with it. */
  afterAll(): void {
    const bridges = surplus(testBridges(), bridgesBefore);
    if (isWatched && bridges.length > 0)
      throw new Error(`bridges of test roots were left behind: ${bridges.join(', ')}`);
  },
};
