import assert from 'node:assert/strict';
import { describeCgroups } from '../../../packages/runtime/dist/cgroup/cgroups';
import { type CgroupHost, detectCgroups } from '../../../packages/runtime/dist/cgroup/hierarchies';
import { cpuWeight } from '../../../packages/runtime/dist/cgroup/v2';
import type { ResourceLimits } from '../../../packages/runtime/dist/options';
import { ALL_DEVICES_RULE, DEFAULT_DEVICE_RULES } from '../../../packages/runtime/dist/spec/devices';
import { type FakeHost, fakeHost, v1Host, v2Host } from './fake-host';

const MIB = 1024 * 1024;
const LIMITS: ResourceLimits = {
  memoryBytes: 64 * MIB,
  memoryReservationBytes: 32 * MIB,
  nanoCpus: 500_000_000,
  cpuShares: 512,
  cpusetCpus: '0-1,3',
  pidsLimit: 100,
};

let fake: FakeHost;
const plan = (host: CgroupHost, limits: ResourceLimits = {}, devices = DEFAULT_DEVICE_RULES) =>
  describeCgroups('c1', limits, devices, host);
/** All writes by file; a file written more than once: all its values. */
function writes(host: CgroupHost, limits: ResourceLimits, devices = DEFAULT_DEVICE_RULES) {
  const list = plan(host, limits, devices).cgroups.flatMap(cgroup => cgroup.writes);
  const devicesApart = list.filter(({ file }) => !file.startsWith('devices.'));
  return Object.fromEntries(devicesApart.map(({ file, value }) => [file, value]));
}

describe('cgroup plan on v1', () => {
  beforeEach(() => {
    fake = v1Host();
  });
  afterEach(() => fake.remove());

  it('has one cgroup in each hierarchy, below /tinyd, and none in an idle v2', () => {
    const { cgroups } = plan(fake.host);
    const names = ['cpu,cpuacct', 'cpuset', 'memory', 'pids', 'blkio', 'devices', 'freezer'];
    assert.deepEqual(
      cgroups.map(({ path }) => path),
      names.map(name => `${fake.root}/${name}/tinyd/c1`),
    );
    assert.ok(cgroups.every(({ enter, unified }) => enter && !unified));
  });

  it('writes every limit in the units of its file', () => {
    assert.deepEqual(writes(fake.host, LIMITS), {
      'memory.limit_in_bytes': String(64 * MIB),
      'memory.memsw.limit_in_bytes': String(128 * MIB),
      'memory.soft_limit_in_bytes': String(32 * MIB),
      'cpu.shares': '512',
      'cpu.cfs_period_us': '100000',
      'cpu.cfs_quota_us': '50000',
      'cpuset.cpus': '0-1,3',
      'cpuset.mems': '0',
      'pids.max': '100',
    });
  });

  it('limits nothing by itself, but fills the cpuset that would take nobody', () => {
    assert.deepEqual(writes(fake.host, {}), { 'cpuset.cpus': '0-3', 'cpuset.mems': '0' });
  });

  it('limits memory before memory and swap', () => {
    const memory = plan(fake.host, LIMITS).cgroups.find(({ path }) => path.includes('/memory/'));
    const files = memory?.writes.map(({ file }) => file) ?? [];
    assert.ok(files.indexOf('memory.limit_in_bytes') < files.indexOf('memory.memsw.limit_in_bytes'));
  });

  it('denies all devices before it allows some; a privileged container keeps them all', () => {
    const devices = (rules = DEFAULT_DEVICE_RULES) =>
      plan(fake.host, {}, rules).cgroups.find(({ path }) => path.includes('/devices/'))?.writes ?? [];
    assert.deepEqual(devices()[0], { file: 'devices.deny', value: 'a', optional: false });
    const allowed = devices().flatMap(({ file, value }) => (file === 'devices.allow' ? [value] : []));
    assert.deepEqual(allowed.slice(0, 3), ['c *:* m', 'b *:* m', 'c 1:3 rwm']);
    assert.ok(allowed.includes('c 136:* rwm') && !allowed.some(value => value.includes('10:229')));
    assert.deepEqual(devices([ALL_DEVICES_RULE]), []);
  });

  it('tells of an OOM kill, and what the container sees', () => {
    const { oomFile, monitorCgroup, mountSteps } = plan(fake.host);
    assert.equal(monitorCgroup, undefined);
    assert.equal(oomFile, `${fake.root}/memory/tinyd/c1/memory.oom_control`);
    const [step] = mountSteps({ destination: '/sys/fs/cgroup', type: 'cgroup' });
    assert.ok(step?.kind === 'cgroup-v1');
    assert.equal(step.hierarchies.length, 7);
    assert.deepEqual(step.links, [
      { name: 'cpu', target: 'cpu,cpuacct' },
      { name: 'cpuacct', target: 'cpu,cpuacct' },
    ]);
  });

  it('counts swap as docker does: twice the memory, exactly as said, or without end', () => {
    const swap = (memorySwapBytes?: number) =>
      writes(fake.host, {
        memoryBytes: 64 * MIB,
        ...(memorySwapBytes === undefined ? {} : { memorySwapBytes }),
      })['memory.memsw.limit_in_bytes'];
    assert.deepEqual(
      [swap(), swap(0), swap(64 * MIB), swap(-1)],
      [String(128 * MIB), String(128 * MIB), String(64 * MIB), '-1'],
    );
  });
});

describe('cgroup plan on v2', () => {
  beforeEach(() => {
    fake = v2Host();
  });
  afterEach(() => fake.remove());

  it('has one cgroup with every limit in the units of its file', () => {
    const { cgroups, oomFile, monitorCgroup } = plan(fake.host, LIMITS);
    assert.equal(cgroups.length, 1);
    assert.equal(cgroups[0]?.unified, true);
    assert.equal(oomFile, `${fake.root}/tinyd/c1/memory.events`);
    assert.equal(monitorCgroup, `${fake.root}/tinyd/monitors`);
    assert.deepEqual(writes(fake.host, LIMITS), {
      'memory.max': String(64 * MIB),
      'memory.swap.max': String(64 * MIB),
      'memory.low': String(32 * MIB),
      'cpu.max': '50000 100000',
      'cpu.weight': '20',
      'cpuset.cpus': '0-1,3',
      'pids.max': '100',
    });
  });

  it('confines devices with a program, and a privileged container not at all', () => {
    assert.ok(plan(fake.host).cgroups[0]?.deviceProgram);
    assert.equal(plan(fake.host, {}, [ALL_DEVICES_RULE]).cgroups[0]?.deviceProgram, undefined);
  });

  it('counts swap without memory', () => {
    const swap = (memorySwapBytes: number) =>
      writes(fake.host, { memoryBytes: 64 * MIB, memorySwapBytes })['memory.swap.max'];
    assert.deepEqual([swap(64 * MIB), swap(96 * MIB), swap(-1)], ['0', String(32 * MIB), 'max']);
  });

  it('lets swap go where docker only implies it, since not every kernel has it', () => {
    const optional = (limits: ResourceLimits) =>
      plan(fake.host, limits).cgroups[0]?.writes.find(({ file }) => file === 'memory.swap.max')?.optional;
    assert.equal(optional({ memoryBytes: 64 * MIB }), true);
    assert.equal(optional({ memoryBytes: 64 * MIB, memorySwapBytes: 64 * MIB }), false);
  });

  it('turns shares into weights on the line from 2..262144 to 1..10000', () => {
    assert.deepEqual([2, 512, 1024, 2048, 262_144].map(cpuWeight), [1, 20, 39, 79, 10_000]);
  });

  it('takes a period alone, and a quota of -1, as no quota', () => {
    assert.equal(writes(fake.host, { cpuPeriodUs: 50_000 })['cpu.max'], 'max 50000');
    assert.equal(writes(fake.host, { cpuQuotaUs: -1 })['cpu.max'], 'max 100000');
    assert.equal(writes(fake.host, { cpuQuotaUs: 20_000 })['cpu.max'], '20000 100000');
  });

  it('maps blkio weights onto those of v2', () => {
    const weight = (blkioWeight: number) => writes(fake.host, { blkioWeight })['io.weight'];
    assert.deepEqual([weight(10), weight(500), weight(1000)], ['1', '4950', '10000']);
  });

  it('is mounted as cgroup2, in the container own namespace', () => {
    const [step] = plan(fake.host).mountSteps({
      destination: '/sys/fs/cgroup',
      type: 'cgroup',
      options: ['ro', 'nosuid', 'noexec', 'nodev'],
    });
    assert.deepEqual(step, {
      kind: 'filesystem',
      type: 'cgroup2',
      source: 'cgroup',
      target: '/sys/fs/cgroup',
      flags: 1 | 2 | 4 | 8,
      data: '',
    });
  });
});

describe('cgroup plan on a hybrid host', () => {
  it('chooses per controller by what is mounted', () => {
    fake = fakeHost({ memory: 'memory' }, { at: 'unified', controllers: 'cpu pids' }, {});
    const { cgroups } = plan(fake.host, { memoryBytes: 64 * MIB, nanoCpus: 1e9, pidsLimit: 5 });
    assert.deepEqual(
      cgroups.map(({ path, writes }) => [path, writes.map(({ file }) => file)]),
      [
        [`${fake.root}/memory/tinyd/c1`, ['memory.limit_in_bytes']],
        [`${fake.root}/unified/tinyd/c1`, ['cpu.max', 'pids.max']],
      ],
    );
    assert.ok(cgroups[1]?.deviceProgram);
    fake.remove();
  });

  it('reads mount points with blanks, and takes the first of a hierarchy mounted twice', () => {
    const mounts =
      '40 31 0:30 / /my\\040cg/memory rw - cgroup cgroup rw,memory\n' +
      '41 31 0:30 / /again rw - cgroup cgroup rw,memory\n';
    const { v1, v2 } = detectCgroups(() => mounts);
    assert.deepEqual(v1, [{ mount: '/my cg/memory', name: 'memory', controllers: ['memory'] }]);
    assert.equal(v2, undefined);
  });
});

describe('a cgroup controller that the host lacks', () => {
  afterEach(() => fake.remove());

  for (const [limits, controller] of [
    [{ memoryBytes: 64 * MIB }, 'memory'],
    [{ memoryReservationBytes: 64 * MIB }, 'memory'],
    [{ nanoCpus: 1e9 }, 'cpu'],
    [{ cpuShares: 512 }, 'cpu'],
    [{ cpuQuotaUs: 5000 }, 'cpu'],
    [{ cpusetCpus: '0' }, 'cpuset'],
    [{ cpusetMems: '0' }, 'cpuset'],
    [{ pidsLimit: 5 }, 'pids'],
    [{ blkioWeight: 500 }, 'blkio'],
    [{ deviceReadBps: [{ path: '/dev/loop0', value: 1 }] }, 'blkio'],
    [{ blkioWeightDevices: [{ path: '/dev/loop0', value: 10 }] }, 'blkio'],
  ] as const) {
    it(`is named: ${controller} for ${Object.keys(limits)[0]}`, () => {
      fake = v2Host('');
      const error = {
        code: 'ERR_TINYD_CGROUP_UNAVAILABLE',
        message: new RegExp(`controller ${controller}:`),
      };
      assert.throws(() => plan(fake.host, limits), error);
      assert.doesNotThrow(() => plan(fake.host, {}));
    });
  }

  it('is named where devices could not be confined, but for a privileged container', () => {
    fake = fakeHost({ memory: 'memory' }, undefined);
    const error = { code: 'ERR_TINYD_CGROUP_UNAVAILABLE', message: /controller devices:/ };
    assert.throws(() => plan(fake.host, {}), error);
    assert.doesNotThrow(() => plan(fake.host, {}, [ALL_DEVICES_RULE]));
  });

  it('is named for settings that v2 does not have', () => {
    fake = v2Host();
    const error = { code: 'ERR_TINYD_CGROUP_UNAVAILABLE' };
    assert.throws(() => plan(fake.host, { memorySwappiness: 10 }), error);
    assert.throws(() => plan(fake.host, { memoryBytes: 64 * MIB, oomKillDisable: true }), error);
  });

  it('is a warning for swap that docker implies, an error for swap that the user wants', () => {
    fake = fakeHost({ memory: 'memory', devices: 'devices' }, undefined);
    const { warnings, cgroups } = plan(fake.host, { memoryBytes: 64 * MIB });
    assert.equal(warnings.length, 1);
    assert.ok(!cgroups.some(({ writes }) => writes.some(({ file }) => file.includes('memsw'))));
    assert.throws(() => plan(fake.host, { memoryBytes: 64 * MIB, memorySwapBytes: 64 * MIB }), {
      code: 'ERR_TINYD_CGROUP_UNAVAILABLE',
    });
  });
});
