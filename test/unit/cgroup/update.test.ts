import { strict as assert } from 'node:assert';
import { mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { updateCgroups } from '../../../packages/runtime/dist/cgroup/update';
import { mergeLimits } from '../../../packages/runtime/dist/lifecycle/update';
import { fakeHost, v1Host } from './fake-host';

const MIB = 1024 * 1024;

const V1_FILES = {
  'cpuset/tinyd/cpuset.cpus': '0-3\n',
  'cpuset/tinyd/cpuset.mems': '0\n',
  'cpuset/tinyd/c/cpuset.cpus': '0-3\n',
  'cpuset/tinyd/c/cpuset.mems': '0\n',
  'memory/tinyd/c/memory.limit_in_bytes': `${64 * MIB}\n`,
  'memory/tinyd/c/memory.memsw.limit_in_bytes': `${128 * MIB}\n`,
  'cpu,cpuacct/tinyd/c/cpu.cfs_quota_us': '-1\n',
  'cpu,cpuacct/tinyd/c/cpu.cfs_period_us': '100000\n',
  'pids/tinyd/c/pids.max': '10\n',
};

describe('an update of limits', () => {
  const read = (root: string, path: string) => readFileSync(join(root, path), 'utf8').trim();

  it('writes what changed, and the kernel’s default where a limit goes', () => {
    const { root, host, remove } = v1Host(V1_FILES);
    const after = { memoryBytes: 32 * MIB, nanoCpus: 5e8 };
    updateCgroups('c', after, host);
    assert.equal(read(root, 'memory/tinyd/c/memory.limit_in_bytes'), String(32 * MIB));
    assert.equal(read(root, 'memory/tinyd/c/memory.memsw.limit_in_bytes'), String(64 * MIB));
    assert.equal(read(root, 'cpu,cpuacct/tinyd/c/cpu.cfs_quota_us'), '50000');
    assert.equal(read(root, 'pids/tinyd/c/pids.max'), 'max');
    remove();
  });

  it('also undoes what an update that was killed left, and leaves alone what is right', () => {
    const { root, host, remove } = v1Host({ ...V1_FILES, 'cpu,cpuacct/tinyd/c/cpu.shares': '512\n' });
    const untouched = statSync(join(root, 'memory/tinyd/c/memory.limit_in_bytes')).mtimeMs;
    updateCgroups('c', { memoryBytes: 64 * MIB, pidsLimit: 9 }, host);
    assert.equal(read(root, 'cpu,cpuacct/tinyd/c/cpu.shares'), '1024');
    assert.equal(read(root, 'pids/tinyd/c/pids.max'), '9');
    assert.equal(statSync(join(root, 'memory/tinyd/c/memory.limit_in_bytes')).mtimeMs, untouched);
    remove();
  });

  it('puts everything back when it is told to', () => {
    const { root, host, remove } = v1Host(V1_FILES);
    updateCgroups('c', { memoryBytes: 256 * MIB, pidsLimit: 20 }, host).undo();
    for (const [path, content] of Object.entries(V1_FILES)) assert.equal(read(root, path), content.trim());
    remove();
  });

  it('changes nothing when one of the values is refused', () => {
    const { root, host, remove } = v1Host(V1_FILES);
    // Stands for a file that the kernel does not let be written.
    rmSync(join(root, 'pids/tinyd/c/pids.max'));
    mkdirSync(join(root, 'pids/tinyd/c/pids.max'));
    assert.throws(() => updateCgroups('c', { memoryBytes: 32 * MIB, pidsLimit: 20 }, host), {
      code: 'ERR_TINYD_LIMIT_INVALID',
      message: /^cannot set pids\.max to 20: the kernel refuses it \(EISDIR\)$/,
    });
    assert.equal(read(root, 'memory/tinyd/c/memory.limit_in_bytes'), String(64 * MIB));
    assert.equal(read(root, 'memory/tinyd/c/memory.memsw.limit_in_bytes'), String(128 * MIB));
    remove();
  });

  it('of v2 is refused below what is used, instead of killing processes', () => {
    const { root, host, remove } = fakeHost(
      {},
      { at: '.', controllers: 'memory' },
      {
        'cgroup.subtree_control': 'memory\n',
        'tinyd/cgroup.subtree_control': 'memory\n',
        'tinyd/c/memory.max': 'max\n',
        'tinyd/c/memory.swap.max': 'max\n',
        'tinyd/c/memory.current': String(50 * MIB),
        'tinyd/c/memory.stat': `inactive_file ${10 * MIB}\n`,
      },
    );
    assert.throws(() => updateCgroups('c', { memoryBytes: 39 * MIB }, host), {
      code: 'ERR_TINYD_LIMIT_INVALID',
    });
    assert.equal(read(root, 'tinyd/c/memory.max'), 'max');
    updateCgroups('c', { memoryBytes: 41 * MIB }, host);
    assert.equal(read(root, 'tinyd/c/memory.max'), String(41 * MIB));
    assert.equal(read(root, 'tinyd/c/memory.swap.max'), String(41 * MIB));
    updateCgroups('c', {}, host);
    assert.equal(read(root, 'tinyd/c/memory.max'), 'max');
    remove();
  });

  it('keeps what is not named, and drops what is 0', () => {
    assert.deepEqual(
      mergeLimits({ memoryBytes: 5, cpuShares: 2, pidsLimit: 3 }, { memoryBytes: 0, pidsLimit: -1 }),
      {
        cpuShares: 2,
        pidsLimit: -1,
      },
    );
  });
});
