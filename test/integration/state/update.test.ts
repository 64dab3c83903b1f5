import { strict as assert } from 'node:assert';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { outcomeOf } from '../../support/tinyd';
import { useFreshTinyd } from '../../support/use-tinyd';

const MIB = 1024 * 1024;

/** The file of a container's cgroup, wherever this host has its controller; v1's name or v2's. */
function limitOf(id: string, ...names: string[]): string {
  const base = '/sys/fs/cgroup';
  const roots = [base, ...readdirSync(base).map(name => join(base, name))];
  const paths = roots.flatMap(root => names.map(name => join(root, 'tinyd', id, name)));
  const path = paths.find(each => existsSync(each)) ?? assert.fail(`no ${names.join(' or ')} of ${id}`);
  return readFileSync(path, 'utf8').trim();
}

describe('update', function () {
  this.timeout(60_000);
  const tinyd = useFreshTinyd();

  const memory = (id: string): string => limitOf(id, 'memory.limit_in_bytes', 'memory.max');
  const pids = (id: string): string => limitOf(id, 'pids.max');
  const hostConfig = (name: string): Promise<string> =>
    tinyd.ok(
      'inspect',
      '-f',
      '{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.PidsLimit}}',
      name,
    );
  const configOf = (
    id: string,
  ): { linux: { resources: { memory?: { limit: number }; devices: object[] } } } =>
    JSON.parse(readFileSync(join(tinyd.root, 'containers', id, 'config.json'), 'utf8'));

  it('raises and lowers the limits of a running container, in its cgroup, record and config.json', async () => {
    const id = await tinyd.ok('run', '-d', '--name', 'c', '-m', '64m', 'busybox', 'sleep', '300');
    const devices = configOf(id).linux.resources.devices.length;
    for (const size of [256, 32, 1024, 16]) {
      assert.equal(await tinyd.ok('update', '-m', `${size}m`, 'c'), 'c');
      assert.equal(memory(id), String(size * MIB));
      assert.equal(await hostConfig('c'), `${size * MIB} 0 <no value>`);
      assert.equal(configOf(id).linux.resources.memory?.limit, size * MIB);
      assert.equal(configOf(id).linux.resources.devices.length, devices, 'the device rules went');
    }
    await tinyd.ok(
      'update',
      '--cpus',
      '0.5',
      '--pids-limit',
      '20',
      '--cpu-shares',
      '512',
      '--cpuset-cpus',
      '0',
      'c',
    );
    assert.equal(pids(id), '20');
    assert.match(limitOf(id, 'cpu.cfs_quota_us', 'cpu.max'), /^50000/);
    assert.equal(limitOf(id, 'cpuset.cpus'), '0');
    assert.equal(await hostConfig('c'), `${16 * MIB} 500000000 20`);
    await tinyd.ok('exec', 'c', 'true');
  });

  it('stays over a restart, and of a stopped container counts from the next start', async () => {
    const id = await tinyd.ok('create', '--name', 'c', 'busybox', 'sleep', '300');
    await tinyd.ok('update', '-m', '64m', '--pids-limit', '7', 'c');
    assert.equal(configOf(id).linux.resources.memory?.limit, 64 * MIB);
    await tinyd.ok('start', 'c');
    assert.deepEqual([memory(id), pids(id)], [String(64 * MIB), '7']);
    await tinyd.ok('update', '-m', '96m', 'c');
    await tinyd.ok('restart', '-t', '0', 'c');
    assert.deepEqual([memory(id), pids(id)], [String(96 * MIB), '7']);
  });

  it('takes limits away by 0', async () => {
    const id = await tinyd.ok(
      'run',
      '-d',
      '--name',
      'c',
      '-m',
      '64m',
      '--pids-limit',
      '9',
      'busybox',
      'sleep',
      '300',
    );
    await tinyd.ok('update', '-m', '0', '--pids-limit', '0', 'c');
    assert.ok(memory(id) === 'max' || Number(memory(id)) > 2 ** 60, memory(id));
    assert.equal(pids(id), 'max');
    assert.equal(await hostConfig('c'), '0 0 <no value>');
  });

  it('is felt by the processes', async () => {
    await tinyd.ok('run', '-d', '--name', 'c', 'busybox', 'sleep', '300');
    await tinyd.ok('update', '--pids-limit', '1', 'c');
    assert.notEqual((await tinyd.run(['exec', 'c', 'sh', '-c', 'true & true & wait'])).code, 0);
    await tinyd.ok('update', '--pids-limit', '50', '-m', '16m', '--memory-swap', '16m', 'c');
    const hog = 'dd if=/dev/zero of=/dev/shm/x bs=1M count=40';
    assert.notEqual((await tinyd.run(['exec', 'c', 'sh', '-c', hog])).code, 0);
    await tinyd.ok('update', '--cpuset-cpus', '0', '--cpus', '0.2', 'c');
    const status = await tinyd.ok('exec', 'c', 'grep', 'Cpus_allowed_list', '/proc/self/status');
    assert.match(status, /:\s*0$/);
    await tinyd.ok('exec', '-d', 'c', 'sh', '-c', 'while :; do :; done');
    const percent = Number.parseFloat(
      await tinyd.ok('stats', '--no-stream', '--format', '{{.CPUPerc}}', 'c'),
    );
    assert.ok(percent < 30, `${percent} % of a CPU, of 20`);
    await tinyd.ok('update', '--cpus', '0.05', 'c');
    const less = Number.parseFloat(await tinyd.ok('stats', '--no-stream', '--format', '{{.CPUPerc}}', 'c'));
    assert.ok(less > 0 && less < 10, `${less} % of a CPU, of 5`);
  });

  it('is refused as create refuses, and then changes nothing', async () => {
    const id = await tinyd.ok(
      'run',
      '-d',
      '--name',
      'c',
      '-m',
      '64m',
      '--cpus',
      '0.5',
      'busybox',
      'sleep',
      '300',
    );
    const files = ['container.json', 'config.json'].map(name => join(tinyd.root, 'containers', id, name));
    const before = files.map(path => readFileSync(path, 'utf8'));
    const refusals: [string[], RegExp][] = [
      [['-m', '1m'], /minimum memory limit allowed is 6MB/],
      [['--pids-limit', '5', '--memory-swap', '32m'], /memory alone is 67108864/],
      [['--pids-limit', '5', '--cpu-quota', '20000'], /--cpu-quota says the same in another way/],
      [['--pids-limit', '5', '--cpus', '4096'], /range of CPUs/],
      [['--cpuset-cpus', '4095'], /not available/],
      [['-m', 'lots'], /invalid argument "lots" for --memory/],
      [['--pids-limit', '5', '--restart', 'sometimes'], /invalid argument "sometimes" for --restart/],
      [[], /one or more limits or a restart policy must be given/],
    ];
    for (const [flags, message] of refusals) {
      const { code, stderr } = await tinyd.run(['update', ...flags, 'c']);
      assert.equal(code, 1, flags.join(' '));
      assert.match(stderr, message);
    }
    assert.deepEqual(
      files.map(path => readFileSync(path, 'utf8')),
      before,
    );
    assert.deepEqual([memory(id), pids(id)], [String(64 * MIB), 'max']);
  });

  it('killed at any moment leaves a container that the next update sets right', async () => {
    const id = await tinyd.ok('run', '-d', '--name', 'c', '-m', '64m', 'busybox', 'sleep', '300');
    for (const moment of [20, 30, 40, 45, 50, 55, 60, 70, 90]) {
      const child = tinyd.spawn(['update', '-m', '128m', '--pids-limit', '20', 'c'], { stdio: 'ignore' });
      const outcome = outcomeOf(child);
      await sleep(moment);
      child.kill('SIGKILL');
      await outcome;
      assert.match(await hostConfig('c'), /^(67108864 0 <no value>|134217728 0 20)$/);
      await tinyd.ok('update', '-m', '64m', '--pids-limit', '0', 'c');
      assert.deepEqual([memory(id), pids(id)], [String(64 * MIB), 'max']);
      assert.equal(configOf(id).linux.resources.memory?.limit, 64 * MIB);
    }
  });

  it('below what is held in memory is refused and leaves all limits as they were', async () => {
    const keep = 'dd if=/dev/zero of=/dev/shm/x bs=1M count=30 2>/dev/null; echo ready; sleep 300';
    const id = await tinyd.ok(
      ...['run', '-d', '--name', 'c', '-m', '64m', '--memory-swap', '64m', 'busybox', 'sh', '-c', keep],
    );
    while ((await tinyd.ok('logs', 'c')) !== 'ready') await sleep(50);
    const { code, stderr } = await tinyd.run(
      ...[['update', '--pids-limit', '9', '-m', '16m', '--memory-swap', '16m', 'c']],
    );
    if (code === 0) {
      // A host with swap may write the memory there instead.
      assert.equal(memory(id), String(16 * MIB));
      return;
    }
    assert.match(stderr, /the container uses/);
    assert.deepEqual([memory(id), pids(id)], [String(64 * MIB), 'max']);
    assert.equal(await hostConfig('c'), `${64 * MIB} 0 <no value>`);
    assert.equal(
      await tinyd.ok('inspect', '-f', '{{.State.Running}} {{.State.OOMKilled}}', 'c'),
      'true false',
    );
  });
});
