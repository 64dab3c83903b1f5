import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually';
import { cgroupFile, counter, onHost, removeContainers, useTinyd } from './guest';

/** The disk of quotas, which nothing else reads meanwhile. */
const DISK = '/dev/vdc';
const MIB = 1024 * 1024;

/** What a container sees: two limits, its own processes, what an OOM killer thinks of it, where it may run. */
const LOOK = [
  'cd /sys/fs/cgroup; cat memory.max pids.max cgroup.procs /proc/self/oom_score_adj',
  "awk '/^Cpus_allowed_list/ { print $2 }' /proc/self/status",
].join('; ');

describe('limits on cgroup v2', () => {
  const tinyd = useTinyd();
  afterEach(() => removeContainers(tinyd));

  it('are written to the cgroup, and seen from inside', async () => {
    const id = await tinyd.ok(
      ...['run', '-d', '-m', '64m', '--memory-swap', '96m', '--memory-reservation', '32m'],
      ...['--cpus', '0.5', '--cpu-shares', '512', '--cpuset-cpus', '1', '--cpuset-mems', '0'],
      ...['--pids-limit', '77', '--blkio-weight', '300', '--oom-score-adj', '300', 'busybox'],
      ...['sh', '-c', `${LOOK}; exec sleep 300`],
    );
    const expected = {
      'memory.max': `${64 * MIB}`,
      'memory.swap.max': `${32 * MIB}`,
      'memory.low': `${32 * MIB}`,
      'cpu.max': '50000 100000',
      'cpu.weight': '20',
      'cpuset.cpus': '1',
      'cpuset.cpus.effective': '1',
      'cpuset.mems': '0',
      'pids.max': '77',
      'io.weight': 'default 2930',
    };
    for (const [file, value] of Object.entries(expected)) assert.equal(cgroupFile(id, file), value, file);
    assert.match(await tinyd.ok('logs', id), new RegExp(`^${64 * MIB}\n77\n1\n\\d+\n300\n1$`));
  });

  it('leave everything open where none was asked for', async () => {
    const id = await tinyd.ok('run', '-d', 'busybox', 'sleep', '300');
    for (const file of ['memory.max', 'memory.swap.max', 'pids.max'])
      assert.equal(cgroupFile(id, file), 'max', file);
    assert.equal(cgroupFile(id, 'cpu.max'), 'max 100000');
    assert.equal(cgroupFile(id, 'cpu.weight'), '100');
  });

  it('of memory: kill the container with 137 and OOMKilled', async () => {
    const { code } = await tinyd.run(
      ...[['run', '--name', 'hog', '-m', '16m', '--memory-swap', '16m', 'busybox', 'tail', '/dev/zero']],
    );
    assert.equal(code, 137);
    assert.equal(
      await tinyd.ok('inspect', '-f', '{{.State.OOMKilled}} {{.State.ExitCode}}', 'hog'),
      'true 137',
    );
  });

  it('of memory and swap: let what does not fit go to the swap, and no more', async () => {
    onHost('dd if=/dev/zero of=/swap bs=1M count=64 2>&1; chmod 600 /swap; mkswap /swap; swapon /swap');
    try {
      // A file on tmpfs is memory that can be swapped, and counts as the container's own.
      const write = (megabytes: number) =>
        `dd if=/dev/zero of=/dev/shm/x bs=1M count=${megabytes} && echo whole`;
      const run = (...words: string[]) =>
        tinyd.run([
          'run',
          '--rm',
          '-m',
          '16m',
          ...words,
          '--shm-size',
          '64m',
          'busybox',
          'sh',
          '-c',
          write(24),
        ]);
      assert.match((await run('--memory-swap', '48m')).stdout, /whole/);
      assert.doesNotMatch((await run('--memory-swap', '16m')).stdout, /whole/);
    } finally {
      onHost('swapoff /swap; rm /swap');
    }
  });

  it('of CPUs: hold a busy loop to its share', async () => {
    const share = ['--cpu-period', '50000', '--cpu-quota', '10000'];
    const id = await tinyd.ok('run', '-d', ...share, 'busybox', 'sh', '-c', 'while :; do :; done');
    assert.equal(cgroupFile(id, 'cpu.max'), '10000 50000');
    const before = { at: performance.now(), used: counter(id, 'cpu.stat', 'usage_usec') };
    await sleep(2000);
    const used =
      (counter(id, 'cpu.stat', 'usage_usec') - before.used) / 1000 / (performance.now() - before.at);
    assert.ok(used > 0.02 && used < 0.25, `${used} CPUs`);
    assert.ok(counter(id, 'cpu.stat', 'nr_throttled') > 5, cgroupFile(id, 'cpu.stat'));
  });

  it('of processes: refuse the fork beyond, with EAGAIN', async () => {
    const { stderr, code } = await tinyd.run(
      ...[['run', '--rm', '--pids-limit', '4', 'busybox', 'sh', '-c', 'for i in 1 2 3 4; do sleep 1 & done']],
    );
    assert.notEqual(code, 0);
    assert.match(stderr, /fork: Resource temporarily unavailable/);
  });

  it('of a disk: slow down what reads it', async () => {
    const { rdev } = statSync(DISK);
    const read = `dd if=${DISK} of=/dev/null bs=256k count=8 iflag=direct; exec sleep 300`;
    const words = [
      ...['--device', DISK, '--device-read-bps', `${DISK}:1mb`, '--device-write-bps', `${DISK}:2mb`],
      ...['--device-read-iops', `${DISK}:100`, '--device-write-iops', `${DISK}:200`],
    ];
    const number = `${rdev >>> 8}:${rdev & 0xff}`;
    const started = performance.now();
    const id = await tinyd.ok('run', '-d', ...words, 'busybox', 'sh', '-c', read);
    assert.equal(cgroupFile(id, 'io.max'), `${number} rbps=${MIB} wbps=${2 * MIB} riops=100 wiops=200`);
    await eventually('it has read', () => cgroupFile(id, 'io.stat').includes(` rbytes=${2 * MIB} `));
    // The first second's share may come at once.
    assert.ok(performance.now() - started > 1000);
  });

  it('that v2 does not have are refused by name', async () => {
    for (const words of [['--memory-swappiness', '10'], ['--oom-kill-disable']]) {
      const { code, stderr } = await tinyd.run(['create', ...words, 'busybox']);
      assert.equal(code, 125);
      assert.match(
        stderr,
        new RegExp(`${words[0]}: cgroup controller memory: cgroup v2 has no such setting`),
      );
    }
  });

  it('of devices: let in the default ones and what --device names, by a program on the cgroup', async () => {
    const probe = [
      'head -c 1 /dev/urandom >/dev/null && echo random',
      'mknod /disk b 259 0 && echo made; true </disk || echo closed',
      'true </dev/fuse && echo fuse; true >/dev/fuse || echo read-only',
      'echo end',
    ].join('; ');
    const { stdout, stderr } = await tinyd.run(
      ...[['run', '--rm', '--device', '/dev/fuse:/dev/fuse:r', 'busybox', 'sh', '-c', probe]],
    );
    assert.equal(stdout, 'random\nmade\nclosed\nfuse\nread-only\nend\n', stderr);
    assert.match(stderr, /\/disk: Operation not permitted/);
  });
});
