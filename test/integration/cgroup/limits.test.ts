import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CgroupResult,
  detectCgroups,
  planCgroups,
  readCgroupPaths,
  removeCgroups,
} from '../../../packages/runtime/dist/cgroup';
import { deviceProgram } from '../../../packages/runtime/dist/cgroup/device-program';
import type { ResourceLimits } from '../../../packages/runtime/dist/options';
import { ALL_DEVICES_RULE, DEFAULT_DEVICE_RULES } from '../../../packages/runtime/dist/spec/devices';
import type { SpecDeviceRule } from '../../../packages/runtime/dist/spec-types';
import { makeCgroups, run, start } from './member';

const MIB = 1024 * 1024;
const ATTACH = join(__dirname, '../../../integration/cgroup/attach-device-program.py');
const FUSE: SpecDeviceRule = { allow: true, type: 'c', major: 10, minor: 229, access: 'rw' };

describe('cgroups on this host', () => {
  let id: string;
  let folder: string;

  before(function () {
    if (process.getuid?.() !== 0) this.skip();
  });
  beforeEach(() => {
    id = `test-${randomBytes(6).toString('hex')}`;
    folder = mkdtempSync(join(tmpdir(), 'tinyd-test-'));
  });
  afterEach(() => {
    removeCgroups(id);
    rmSync(folder, { recursive: true });
  });

  function make(
    limits: ResourceLimits,
    devices: readonly SpecDeviceRule[] = [ALL_DEVICES_RULE],
  ): CgroupResult {
    const plan = planCgroups(id, limits, devices);
    makeCgroups(plan.cgroups);
    return plan;
  }

  it('kill what takes more memory than its limit, and count it', () => {
    const { cgroups, oomFile } = make({ memoryBytes: 16 * MIB, memorySwapBytes: 16 * MIB });
    const { signal } = run(cgroups, 'exec tail /dev/zero');
    assert.equal(signal, 'SIGKILL');
    assert.match(readFileSync(oomFile ?? '', 'utf8'), /^oom_kill [1-9]/m);
  });

  it('refuse a fork beyond the limit of processes', () => {
    const { cgroups } = make({ pidsLimit: 5 });
    const within = run(cgroups, 'for i in 1 2 3; do sleep 0 & done; wait; echo fine');
    assert.equal(within.stdout, 'fine\n');
    const { status, stderr } = run(cgroups, 'for i in 1 2 3 4 5 6 7 8; do sleep 1 & done');
    assert.notEqual(status, 0);
    assert.match(stderr, /fork/);
  });

  it('hold a busy loop to its share of a CPU', () => {
    const { cgroups } = make({ nanoCpus: 200_000_000 });
    const busy = 'timeout 1 sh -c "while :; do :; done" || true; cut -d" " -f16,17 /proc/$$/stat';
    const { stdout } = run(cgroups, busy);
    const ticks = stdout.trim().split(' ').map(Number);
    const seconds = ((ticks[0] ?? 0) + (ticks[1] ?? 0)) / 100;
    assert.ok(seconds > 0.05 && seconds < 0.45, `${seconds} s of CPU time in one second`);
  });

  it('pin a process to its CPUs', () => {
    const { cgroups } = make({ cpusetCpus: '0' });
    assert.match(run(cgroups, 'grep Cpus_allowed_list /proc/self/status').stdout, /:\t0$/m);
  });

  it('take a weight, a reservation and a period', () => {
    const { cgroups } = make({
      memoryBytes: 64 * MIB,
      memoryReservationBytes: 32 * MIB,
      cpuShares: 512,
      cpuPeriodUs: 50_000,
      cpuQuotaUs: 25_000,
      blkioWeight: 300,
    });
    for (const { path, writes } of cgroups) {
      for (const { file, value } of writes)
        assert.ok(readFileSync(`${path}/${file}`, 'utf8').includes(value), `${path}/${file} is not ${value}`);
    }
  });

  it('let a container open the default devices only, and make nodes of all', () => {
    const { cgroups } = make({}, DEFAULT_DEVICE_RULES);
    assert.equal(run(cgroups, 'head -c 1 /dev/zero > /dev/null').status, 0);
    const script = (type: string, major: number, minor: number) =>
      `mknod ${folder}/node-${major} ${type} ${major} ${minor}; : < ${folder}/node-${major}`;
    for (const [type, major, minor] of [
      ['b', 8, 0],
      ['b', 253, 0],
      ['c', 10, 229],
      ['c', 1, 1],
    ] as const)
      assert.match(run(cgroups, script(type, major, minor)).stderr, /Operation not permitted/);
    assert.ok(existsSync(`${folder}/node-10`));
  });

  it('let one more device in for --device, with the access that was asked for', () => {
    const { cgroups } = make({}, [...DEFAULT_DEVICE_RULES, { ...FUSE, access: 'r' }]);
    assert.equal(run(cgroups, `mknod ${folder}/fuse c 10 229; : < ${folder}/fuse`).stderr, '');
    assert.match(run(cgroups, `: > ${folder}/fuse`).stderr, /Operation not permitted/);
    assert.match(run(cgroups, `mknod ${folder}/cuse c 10 203; : < ${folder}/cuse`).stderr, /not permitted/);
  });

  it('confine devices on v2 by the program, as the kernel runs it', function () {
    const mount = detectCgroups().v2?.mount;
    if (mount === undefined) this.skip();
    const path = `${mount}/tinyd-test-${randomBytes(4).toString('hex')}`;
    mkdirSync(path);
    try {
      const attach = (rules: readonly SpecDeviceRule[]) =>
        spawnSync('python3', [ATTACH, path], { input: deviceProgram(rules), encoding: 'utf8' });
      const cgroups = [{ path, writes: [], enter: true, unified: true }];
      const open = `: < ${folder}/fuse`;
      spawnSync('mknod', [`${folder}/fuse`, 'c', '10', '229']);
      assert.equal(attach(DEFAULT_DEVICE_RULES).stderr, '');
      assert.equal(run(cgroups, 'head -c 1 /dev/urandom > /dev/null').stderr, '');
      assert.match(run(cgroups, open).stderr, /Operation not permitted/);
      assert.match(run(cgroups, `mknod ${folder}/sda b 8 0; : < ${folder}/sda`).stderr, /not permitted/);
      assert.equal(attach([...DEFAULT_DEVICE_RULES, FUSE]).stderr, '');
      assert.equal(run(cgroups, open).stderr, '');
    } finally {
      rmdirSync(path);
    }
  });

  it('are removed with what runs in them, frozen or not, and what lies below them', async () => {
    const { cgroups } = make({});
    const child = start(cgroups, 'echo up; sleep 60 & sleep 60');
    await new Promise(done => child.stdout?.once('data', done));
    const freezer = cgroups.find(({ path }) => path.includes('/freezer/'))?.path;
    if (freezer !== undefined) {
      mkdirSync(`${freezer}/nested`);
      writeFileSync(`${freezer}/nested/tasks`, String(child.pid));
      writeFileSync(`${freezer}/freezer.state`, 'FROZEN');
    }
    assert.equal(readCgroupPaths(id).length, cgroups.length);
    const ended = new Promise(done => child.once('exit', (_, signal) => done(signal)));
    assert.equal(removeCgroups(id), true);
    assert.equal(await ended, 'SIGKILL');
    assert.deepEqual(readCgroupPaths(id), []);
    assert.equal(removeCgroups(id), false);
  });

  it('are never looked for outside of /tinyd', () => {
    for (const bad of ['..', '.', '', 'a/b', '../../x'])
      assert.throws(() => removeCgroups(bad), { code: 'ERR_TINYD_INTERNAL' });
  });
});
