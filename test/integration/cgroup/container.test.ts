import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { validateSpec } from '@tinyd/runtime';
import { detectCgroups } from '../../../packages/runtime/dist/cgroup';
import { BusyboxRoot } from '../runtime/busybox-root';

const MIB = 1024 * 1024;

describe('limits of a container', () => {
  let box: BusyboxRoot;
  before(function () {
    if (process.getuid?.() !== 0) this.skip();
  });
  beforeEach(() => {
    box = new BusyboxRoot();
  });
  afterEach(() => box?.dispose());

  it('are seen from inside, in its own cgroups', async function () {
    if (detectCgroups().v1.length === 0) this.skip();
    const files = [
      'memory/memory.limit_in_bytes',
      'memory/memory.memsw.limit_in_bytes',
      'cpu/cpu.cfs_quota_us',
      'cpuset/cpuset.cpus',
      'pids/pids.max',
    ].map(file => `/sys/fs/cgroup/${file}`);
    const { stdout } = await box.run(['cat', ...files], {
      limits: {
        memoryBytes: 64 * MIB,
        memorySwapBytes: 96 * MIB,
        nanoCpus: 500_000_000,
        cpusetCpus: '0',
        pidsLimit: 77,
      },
    });
    assert.deepEqual(stdout.trim().split('\n'), [`${64 * MIB}`, `${96 * MIB}`, '50000', '0', '77']);
  });

  it('end it with 137 and OOMKilled when memory runs out', async () => {
    const limits = { memoryBytes: 16 * MIB, memorySwapBytes: 16 * MIB };
    const container = await box.runtime.create(box.options(['tail', '/dev/zero'], { limits }));
    await container.start();
    assert.equal(await container.wait(), 137);
    const state = JSON.parse(readFileSync(join(box.root, 'containers', container.id, 'state.json'), 'utf8'));
    assert.equal(state.oomKilled, true);
    await container.remove();
  });

  it('stop a fork bomb inside, which ends quickly with its container', async () => {
    const bomb = 'bomb() { bomb | bomb & }; bomb; sleep 60';
    const container = await box.runtime.create(
      box.options(['sh', '-c', bomb], { limits: { pidsLimit: 50 } }),
    );
    await container.start();
    await new Promise(done => setTimeout(done, 300));
    const began = Date.now();
    await container.remove({ force: true });
    assert.ok(Date.now() - began < 2000, `${Date.now() - began} ms`);
  });

  it('open the devices of the profile and no other, whatever nodes it makes', async () => {
    const { stdout } = await box.shell(
      'head -c 1 /dev/zero >/dev/null && echo zero; mknod /f c 10 229; mknod /s b 8 0; cat /f; cat /s; echo end',
    );
    assert.equal(stdout, 'zero\nend\n');
    const { stderr } = await box.shell('mknod /f c 10 229; cat /f');
    assert.match(stderr, /Operation not permitted/);
  });

  it('write a config.json that its schema accepts', async () => {
    const limits = { memoryBytes: 64 * MIB, cpuShares: 512, pidsLimit: -1 };
    const ulimits = [{ name: 'memlock', soft: -1, hard: -1 }];
    const container = await box.runtime.create(box.options(['true'], { limits, ulimits }));
    const text = readFileSync(join(box.root, 'containers', container.id, 'config.json'), 'utf8');
    assert.deepEqual(validateSpec(JSON.parse(text)), []);
    assert.match(text, /"hard": 18446744073709551615$/m);
    assert.ok(JSON.parse(text).linux.seccomp.syscalls.length > 10);
    await container.remove();
  });
});
