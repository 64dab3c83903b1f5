import { strict as assert } from 'node:assert';
import { existsSync } from 'node:fs';
import { useEngine } from './suite';

const hasV1Memory = existsSync('/sys/fs/cgroup/memory/memory.limit_in_bytes');
const MIB = 1024 * 1024;

/** Flags, a file of a v1 hierarchy, and what is in it. */
const V1: readonly (readonly [readonly string[], string, string])[] = [
  [['-m', '64m'], 'memory/memory.limit_in_bytes', `${64 * MIB}`],
  [['-m', '64m'], 'memory/memory.memsw.limit_in_bytes', `${128 * MIB}`],
  [['-m', '64m', '--memory-swap', '64m'], 'memory/memory.memsw.limit_in_bytes', `${64 * MIB}`],
  [['-m', '64m', '--memory-swap', '-1'], 'memory/memory.memsw.limit_in_bytes', '9223372036854771712'],
  [['-m', '64m', '--memory-reservation', '32m'], 'memory/memory.soft_limit_in_bytes', `${32 * MIB}`],
  [['--cpus', '0.5'], 'cpu/cpu.cfs_quota_us', '50000'],
  [['--cpus', '0.5'], 'cpu/cpu.cfs_period_us', '100000'],
  [['--cpu-period', '50000', '--cpu-quota', '25000'], 'cpu/cpu.cfs_period_us', '50000'],
  [['--cpu-period', '50000', '--cpu-quota', '25000'], 'cpu/cpu.cfs_quota_us', '25000'],
  [['-c', '512'], 'cpu/cpu.shares', '512'],
  [['--cpuset-cpus', '0'], 'cpuset/cpuset.cpus', '0'],
  [['--pids-limit', '20'], 'pids/pids.max', '20'],
  [['--pids-limit', '-1'], 'pids/pids.max', 'max'],
  [['--pids-limit', '0'], 'pids/pids.max', 'max'],
];

describe('limits', () => {
  const engine = useEngine();

  for (const [flags, file, value] of V1) {
    it(`${flags.join(' ')} is ${value} in ${file}`, async function () {
      if (!hasV1Memory) this.skip();
      assert.equal(await engine.inside(`cat /sys/fs/cgroup/${file}`, ...flags), value);
    });
  }

  it('of the OOM killer’s patience are those of the process', async () => {
    assert.equal(await engine.inside('cat /proc/self/oom_score_adj', '--oom-score-adj', '500'), '500');
    assert.notEqual((await engine.run(['create', '--oom-score-adj', '1001', 'conformance/plain'])).code, 0);
  });

  it('kill what takes more memory, and say so', async () => {
    const hog = 'x=a; while :; do x=$x$x; done';
    const run = ['run', '--name', 'hog', '-m', '16m', '--memory-swap', '16m', 'conformance/plain'];
    assert.equal((await engine.run([...run, 'sh', '-c', hog])).code, 137);
    assert.equal(
      await engine.ok('inspect', '-f', '{{.State.OOMKilled}} {{.State.ExitCode}}', 'hog'),
      'true 137',
    );
  });

  it('are shown by inspect as they were asked for', async () => {
    const flags = ['-m', '64m', '--cpus', '1.5', '--pids-limit', '20', '--ulimit', 'nofile=1:2'];
    await engine.ok('create', '--name', 'limited', ...flags, 'conformance/plain');
    const shown =
      '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.NanoCpus}} {{.HostConfig.PidsLimit}}';
    const values = await engine.ok(
      'inspect',
      '-f',
      `${shown} {{range .HostConfig.Ulimits}}{{.Name}}={{.Soft}}:{{.Hard}}{{end}}`,
      'limited',
    );
    assert.equal(values, `${64 * MIB} ${128 * MIB} 1500000000 20 nofile=1:2`);
  });
});
