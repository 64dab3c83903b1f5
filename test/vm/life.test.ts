import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually';
import { CGROUPS, cgroupFile, counter, useTinyd } from './guest';

const MIB = 1024 * 1024;

describe('a running container on cgroup v2', () => {
  const tinyd = useTinyd();
  let id: string;

  before(async () => {
    const program =
      'dd if=/dev/zero of=/dev/shm/x bs=1M count=20 2>/dev/null; while :; do usleep 20000; echo; done';
    id = await tinyd.ok('run', '-d', '--name', 'c', '-m', '64m', 'busybox', 'sh', '-c', program);
  });

  it('is paused by cgroup.freeze, and runs on', async () => {
    await tinyd.ok('pause', 'c');
    assert.equal(cgroupFile(id, 'cgroup.freeze'), '1');
    assert.equal(counter(id, 'cgroup.events', 'frozen'), 1);
    const used = counter(id, 'cpu.stat', 'usage_usec');
    await sleep(500);
    assert.equal(counter(id, 'cpu.stat', 'usage_usec'), used);
    assert.match(await tinyd.ok('ps', '--format', '{{.Status}}'), /\(Paused\)$/);
    await tinyd.ok('unpause', 'c');
    assert.equal(counter(id, 'cgroup.events', 'frozen'), 0);
    await eventually('it runs on', () => counter(id, 'cpu.stat', 'usage_usec') > used);
  });

  it('takes other limits while it runs, all or none of them', async () => {
    const words = [
      '-m',
      '96m',
      '--memory-swap',
      '96m',
      '--cpus',
      '0.5',
      '--cpu-shares',
      '2048',
      '--pids-limit',
      '9',
    ];
    await tinyd.ok('update', ...words, 'c');
    const limits = () =>
      ['memory.max', 'memory.swap.max', 'cpu.max', 'cpu.weight', 'pids.max'].map(file =>
        cgroupFile(id, file),
      );
    const changed = [`${96 * MIB}`, '0', '50000 100000', '79', '9'];
    assert.deepEqual(limits(), changed);
    const { code, stderr } = await tinyd.run([
      'update',
      '--pids-limit',
      '99',
      '-m',
      '8m',
      '--memory-swap',
      '8m',
      'c',
    ]);
    assert.equal(code, 1);
    assert.match(stderr, /the container uses/);
    assert.deepEqual(limits(), changed);
  });

  it('is measured by stats: memory without the page cache that nobody used lately', async () => {
    const format = '{{.MemUsage}} {{.PIDs}} {{.CPUPerc}}';
    const shown = await tinyd.ok('stats', '--no-stream', '--format', format, 'c');
    const [, used, cpu] = /^([\d.]+)MiB \/ 96MiB [12] ([\d.]+)%$/.exec(shown) ?? assert.fail(shown);
    const held = Number(cgroupFile(id, 'memory.current')) - counter(id, 'memory.stat', 'inactive_file');
    assert.ok(Math.abs(Number(used) - held / MIB) < 2, `${shown}, the cgroup ${held / MIB}`);
    assert.ok(Number(used) > 20 && Number(cpu) > 0, shown);
  });

  it('ends by stop, and takes its cgroup along', async () => {
    await tinyd.ok('stop', '-t', '0', 'c');
    await eventually('the cgroup is gone', () => !existsSync(`${CGROUPS}/tinyd/${id}`));
  });
});
