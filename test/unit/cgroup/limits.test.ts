import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseCpuList } from '../../../packages/runtime/dist/cgroup/cpu-list';
import { effectiveLimits } from '../../../packages/runtime/dist/cgroup/limits';
import type { ResourceLimits } from '../../../packages/runtime/dist/options';

const MIB = 1024 * 1024;
const HOST = { cpus: '0-1', mems: '0' };
const limit = (limits: ResourceLimits) => effectiveLimits(limits, HOST);

describe('limits', () => {
  const accepted: readonly ResourceLimits[] = [
    {},
    { memoryBytes: 6 * MIB },
    { memoryBytes: 64 * MIB, memorySwapBytes: -1 },
    { memorySwapBytes: -1 },
    { memoryBytes: 64 * MIB, memoryReservationBytes: 64 * MIB },
    { nanoCpus: 10_000_000 },
    { nanoCpus: 2_000_000_000 },
    { cpuPeriodUs: 1000, cpuQuotaUs: 1000 },
    { cpuPeriodUs: 1_000_000, cpuQuotaUs: -1 },
    { cpuShares: 2 },
    { cpusetCpus: '0-1', cpusetMems: '0' },
    { pidsLimit: -1 },
    { pidsLimit: 0 },
    { blkioWeight: 10 },
    { memorySwappiness: 0, oomKillDisable: false },
  ];
  for (const limits of accepted)
    it(`accept ${JSON.stringify(limits)}`, () => assert.doesNotThrow(() => limit(limits)));

  const refused: readonly (readonly [string, ResourceLimits])[] = [
    ['--memory', { memoryBytes: 6 * MIB - 1 }],
    ['--memory', { memoryBytes: -5 }],
    ['--memory-swap', { memoryBytes: 64 * MIB, memorySwapBytes: 63 * MIB }],
    ['--memory-swap', { memorySwapBytes: 64 * MIB }],
    ['--memory-swap', { memoryBytes: 64 * MIB, memorySwapBytes: -2 }],
    ['--memory-reservation', { memoryReservationBytes: 5 * MIB }],
    ['--memory-reservation', { memoryBytes: 64 * MIB, memoryReservationBytes: 65 * MIB }],
    ['--memory-swappiness', { memorySwappiness: 101 }],
    ['--cpus', { nanoCpus: 2_000_000_001 }],
    ['--cpus', { nanoCpus: 9_999_999 }],
    ['--cpus', { nanoCpus: -1 }],
    ['--cpus', { nanoCpus: 1e9, cpuQuotaUs: 50_000 }],
    ['--cpus', { nanoCpus: 1e9, cpuPeriodUs: 50_000 }],
    ['--cpu-period', { cpuPeriodUs: 999 }],
    ['--cpu-period', { cpuPeriodUs: 1_000_001 }],
    ['--cpu-quota', { cpuQuotaUs: 999 }],
    ['--cpu-quota', { cpuQuotaUs: -2 }],
    ['--cpu-shares', { cpuShares: 1 }],
    ['--cpu-shares', { cpuShares: 262_145 }],
    ['--cpuset-cpus', { cpusetCpus: '0-2' }],
    ['--cpuset-cpus', { cpusetCpus: '1-0' }],
    ['--cpuset-cpus', { cpusetCpus: 'zero' }],
    ['--cpuset-cpus', { cpusetCpus: '0\n1' }],
    ['--cpuset-mems', { cpusetMems: '1' }],
    ['--pids-limit', { pidsLimit: -2 }],
    ['--blkio-weight', { blkioWeight: 9 }],
    ['--blkio-weight', { blkioWeight: 1001 }],
  ];
  for (const [flag, limits] of refused) {
    it(`refuse ${JSON.stringify(limits)}, naming ${flag}`, () => {
      assert.throws(
        () => limit(limits),
        (error: unknown) => {
          assert.ok(error instanceof Error && 'code' in error && 'details' in error);
          assert.equal(error.code, 'ERR_TINYD_LIMIT_INVALID');
          assert.equal((error.details as { flag: string }).flag, flag);
          assert.ok(!error.message.includes('\n'));
          return true;
        },
      );
    });
  }

  it('turn CPUs into a quota of the kernel period', () => {
    assert.deepEqual(limit({ nanoCpus: 1_500_000_000 }), {
      blockDevices: [],
      oomKillDisable: false,
      cpuPeriodUs: 100_000,
      cpuQuotaUs: 150_000,
    });
  });

  it('read any list of CPUs that they could write', () => {
    const numbers = fc.uniqueArray(fc.nat(100), { minLength: 1 });
    fc.assert(
      fc.property(numbers, list => {
        const sorted = [...list].sort((a, b) => a - b);
        assert.deepEqual(parseCpuList(list.join(',')), sorted);
        assert.deepEqual(
          parseCpuList(`${sorted[0]}-${sorted.at(-1)}`)?.length,
          (sorted.at(-1) ?? 0) - (sorted[0] ?? 0) + 1,
        );
      }),
    );
    for (const bad of ['', ',', '1-', '-1', '1-2-3', 'a', '0x1', '1,,2', '99999999'])
      assert.equal(parseCpuList(bad), undefined, bad);
  });
});
