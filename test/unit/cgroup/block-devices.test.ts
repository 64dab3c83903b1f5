import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blockDeviceLimits, mergeDeviceLimits } from '../../../packages/runtime/dist/cgroup/block-devices';
import { effectiveLimits } from '../../../packages/runtime/dist/cgroup/limits';
import { deviceChanges } from '../../../packages/runtime/dist/cgroup/update-devices';
import { v1Writes } from '../../../packages/runtime/dist/cgroup/v1';
import { v2Writes } from '../../../packages/runtime/dist/cgroup/v2';
import { deviceCgroupRules } from '../../../packages/runtime/dist/spec/device-rules';

const DISKS: Readonly<Record<string, { major: number; minor: number }>> = {
  '/dev/a': { major: 8, minor: 0 },
  '/dev/b': { major: 253, minor: 1 },
};
const findDevice = (path: string) => DISKS[path] ?? assert.fail(path);
const HOST = { cpus: '0', mems: '0', findDevice };
const LIMITS = {
  blkioWeightDevices: [{ path: '/dev/b', value: 500 }],
  deviceReadBps: [
    { path: '/dev/a', value: 1024 },
    { path: '/dev/b', value: 0 },
  ],
  deviceWriteIops: [{ path: '/dev/a', value: 7 }],
};

describe('limits of disks', () => {
  it('are gathered by device', () => {
    assert.deepEqual(blockDeviceLimits(LIMITS, findDevice), [
      { major: 253, minor: 1, weight: 500 },
      { major: 8, minor: 0, readBps: 1024, writeIops: 7 },
    ]);
  });

  it('are a file for each kind on v1', () => {
    const facts = { swapAccounting: false, cpus: '0', mems: '0' };
    const writes = v1Writes(['blkio'], effectiveLimits(LIMITS, HOST), [], facts);
    assert.deepEqual(
      writes.map(({ file, value }) => `${file}: ${value}`),
      [
        'blkio.bfq.weight_device: 253:1 500',
        'blkio.throttle.read_bps_device: 8:0 1024',
        'blkio.throttle.write_iops_device: 8:0 7',
      ],
    );
  });

  it('are one line for each disk on v2, which says all', () => {
    const writes = v2Writes(effectiveLimits(LIMITS, HOST), { weightFile: 'io.bfq.weight' });
    assert.deepEqual(
      writes.map(({ file, value }) => `${file}: ${value}`),
      ['io.bfq.weight: 253:1 500', 'io.max: 8:0 rbps=1024 wbps=max riops=max wiops=7'],
    );
  });

  it('that are given anew replace those of the same disk, and 0 takes them away', () => {
    const before = [
      { path: '/dev/a', value: 1 },
      { path: '/dev/b', value: 2 },
    ];
    assert.deepEqual(mergeDeviceLimits(before, [{ path: '/dev/a', value: 5 }]), [
      { path: '/dev/b', value: 2 },
      { path: '/dev/a', value: 5 },
    ]);
    assert.deepEqual(mergeDeviceLimits(before, [{ path: '/dev/b', value: 0 }]), [
      { path: '/dev/a', value: 1 },
    ]);
    assert.deepEqual(mergeDeviceLimits(undefined, undefined), []);
  });

  it('of a running container change only where they differ; a disk that is not named any more is let go', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tinyd-disks-'));
    writeFileSync(
      join(folder, 'io.max'),
      '8:0 rbps=1 wbps=max riops=max wiops=max\n8:16 rbps=5 wbps=max riops=max wiops=max\n',
    );
    writeFileSync(join(folder, 'blkio.throttle.read_bps_device'), '8:0 9\n8:16 9\n');
    writeFileSync(join(folder, 'io.weight'), 'default 100\n8:0 50\n');
    const same = { file: 'blkio.throttle.read_bps_device', value: '8:0 9', optional: false };
    const other = { file: 'io.max', value: '8:0 rbps=2 wbps=max riops=max wiops=max', optional: false };
    const changes = deviceChanges(folder, [same, other]).map(({ file, value }) => `${file}: ${value}`);
    rmSync(folder, { recursive: true });
    assert.deepEqual(changes, [
      'blkio.throttle.read_bps_device: 8:16 0',
      'io.max: 8:0 rbps=2 wbps=max riops=max wiops=max',
      'io.max: 8:16 rbps=max wbps=max riops=max wiops=max',
      'io.weight: 8:0 default',
    ]);
  });
});

describe('rules for devices', () => {
  it('are read as docker writes them', () => {
    assert.deepEqual(deviceCgroupRules(['c 10:229 rw', 'b *:* m']), [
      { allow: true, type: 'c', major: 10, minor: 229, access: 'rw' },
      { allow: true, type: 'b', access: 'm' },
    ]);
  });

  it('never become a rule for everything, which the kernel takes `a` for', () => {
    assert.deepEqual(deviceCgroupRules(['a 4:64 r']), [
      { allow: true, type: 'b', major: 4, minor: 64, access: 'r' },
      { allow: true, type: 'c', major: 4, minor: 64, access: 'r' },
    ]);
  });

  it('are refused when they are none', () => {
    for (const rule of ['', 'c', 'c 1:1', 'c 1:1 rr', 'd 1:1 r', 'c 1:-1 r', 'c 1:1 r ', '\nc 1:1 r'])
      assert.throws(() => deviceCgroupRules([rule]), { code: 'ERR_TINYD_OPTION_INVALID' }, rule);
  });
});
