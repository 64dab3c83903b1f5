import { strict as assert } from 'node:assert';
import { existsSync } from 'node:fs';
import { eventually } from '../support/eventually';
import { PLAIN } from './images';
import { useEngine } from './suite';

const MIB = 1024 * 1024;
const hasV1Memory = existsSync('/sys/fs/cgroup/memory/memory.limit_in_bytes');

describe('a running container', () => {
  const engine = useEngine();
  let id: string;
  beforeEach(async () => {
    id = await engine.ok('run', '-d', '--name', 'main', '-m', '64m', PLAIN, 'sleep', '301');
  });
  const files = (...names: string[]): Promise<string> =>
    engine.ok('exec', 'main', 'cat', ...names.map(name => `/sys/fs/cgroup/${name}`));
  const hostConfig = (...keys: string[]): Promise<string> =>
    engine.ok('inspect', '-f', keys.map(key => `{{.HostConfig.${key}}}`).join(' '), 'main');

  it('takes other limits by update', async function () {
    if (!hasV1Memory) this.skip();
    const words = [
      '-m',
      '32m',
      '--memory-swap',
      '48m',
      '--cpus',
      '0.5',
      '--cpu-shares',
      '512',
      '--pids-limit',
      '9',
    ];
    assert.equal(await engine.ok('update', ...words, '--cpuset-cpus', '0', 'main'), 'main');
    const limits = [
      ...['memory/memory.limit_in_bytes', 'memory/memory.memsw.limit_in_bytes', 'cpu/cpu.cfs_quota_us'],
      ...['cpu/cpu.shares', 'cpuset/cpuset.cpus', 'pids/pids.max'],
    ];
    assert.equal(await files(...limits), `${32 * MIB}\n${48 * MIB}\n50000\n512\n0\n9`);
    const keys = ['Memory', 'MemorySwap', 'NanoCpus', 'CpuShares', 'CpusetCpus', 'PidsLimit'];
    assert.equal(await hostConfig(...keys), `${32 * MIB} ${48 * MIB} 500000000 512 0 9`);
    await engine.ok('restart', '-t', '0', 'main');
    assert.equal(await files('memory/memory.limit_in_bytes', 'pids/pids.max'), `${32 * MIB}\n9`);
  });

  it('keeps its limits when an update is refused', async function () {
    if (!hasV1Memory) this.skip();
    // More memory than memory and swap together, less than any container may have, both ways to say how much CPU.
    for (const words of [
      ['-m', '256m', '--memory-swap', '128m'],
      ['-m', '1m'],
      ['--cpuset-cpus', '99'],
      ['--cpus', '1', '--cpu-quota', '5000'],
    ])
      assert.equal((await engine.run(['update', ...words, 'main'])).code, 1, words.join(' '));
    assert.equal(await files('memory/memory.limit_in_bytes'), String(64 * MIB));
    assert.equal(await hostConfig('Memory', 'CpusetCpus', 'NanoCpus'), `${64 * MIB}  0`);
    assert.equal((await engine.run(['update', 'main'])).code, 1, 'nothing to update');
    assert.equal((await engine.run(['update', '-m', '32m', 'nobody'])).code, 1);
  });

  it('is measured by stats', async () => {
    const header = 'CONTAINER ID|NAME|CPU %|MEM USAGE / LIMIT|MEM %|NET I/O|BLOCK I/O|PIDS';
    const [top = '', row = ''] = (await engine.ok('stats', '--no-stream', 'main')).split('\n');
    assert.equal(top.trim().replace(/ {2,}/g, '|'), header);
    assert.match(
      row,
      new RegExp(`^${id.slice(0, 12)} +main +\\d+\\.\\d\\d% +[\\d.]+[KM]iB / 64MiB +\\d.*B / .*B +1 *$`),
    );
    const json = JSON.parse(await engine.ok('stats', '--no-stream', '--format', 'json', 'main'));
    const keys = 'BlockIO CPUPerc Container ID MemPerc MemUsage Name NetIO PIDs';
    assert.deepEqual(Object.keys(json).sort(), keys.split(' '));
    assert.deepEqual([json.Container, json.ID, json.Name, json.PIDs], ['main', id.slice(0, 12), 'main', '1']);
    await engine.ok('create', '--name', 'idle', PLAIN);
    const all = await engine.ok(
      'stats',
      '--no-stream',
      '-a',
      '--format',
      '{{.Name}} {{.CPUPerc}} {{.MemUsage}}',
    );
    assert.match(all, /^idle 0\.00% 0B \/ 0B$/m);
    assert.equal((await engine.run(['stats', '--no-stream', 'nobody'])).code, 1);
  });

  it('shows its processes by top', async () => {
    await engine.ok('exec', '-d', 'main', 'sleep', '302');
    const [header = '', ...rows] = (await engine.ok('top', 'main')).split('\n');
    assert.match(header, /^UID +PID +PPID +C +STIME +TTY +TIME +CMD *$/);
    const commands = rows.map(row => row.trim().split(/\s+/).slice(7).join(' '));
    assert.deepEqual(commands.sort(), ['sleep 301', 'sleep 302']);
    const pid = await engine.ok('inspect', '-f', '{{.State.Pid}}', 'main');
    const chosen = await engine.ok('top', 'main', '-o', 'pid,args');
    assert.match(chosen, new RegExp(`^PID +COMMAND *\n(.*\n)?${pid} +sleep 301`));
    assert.equal((await engine.run(['top', 'main', '-o', 'nosuch'])).code, 1);
    await engine.ok('stop', '-t', '0', 'main');
    assert.equal((await engine.run(['top', 'main'])).code, 1);
  });

  it('is counted by system df', async () => {
    await engine.ok('exec', 'main', 'dd', 'if=/dev/zero', 'of=/file', 'bs=1000', 'count=3000');
    const [top = '', ...rows] = (await engine.ok('system', 'df')).split('\n');
    assert.match(top, /^TYPE +TOTAL +ACTIVE +SIZE +RECLAIMABLE *$/);
    const kinds = rows.map(row => row.replace(/ {2,}.*/, ''));
    for (const kind of ['Images', 'Containers', 'Local Volumes']) assert.ok(kinds.includes(kind), kind);
    const format = '{{.Type}} {{.TotalCount}} {{.Active}} {{.Size}} {{.Reclaimable}}';
    assert.match(
      await engine.ok('system', 'df', '--format', format),
      /^Containers 1 1 3\S*MB 0B( \(0%\))?$/m,
    );
    await engine.ok('stop', '-t', '0', 'main');
    assert.match(
      await engine.ok('system', 'df', '--format', format),
      /^Containers 1 0 3\S*MB 3\S*MB \(100%\)$/m,
    );
    assert.match(await engine.ok('system', 'df', '-v'), /Containers space usage:/);
  });

  it('has its sizes told with the digits that docker gives', async () => {
    await engine.ok('exec', 'main', 'dd', 'if=/dev/zero', 'of=/file', 'bs=1024', 'count=3072');
    const total = await engine.ok('system', 'df', '--format', '{{.Type}} {{.Size}}');
    assert.match(total, /^Containers 3\.146MB$/m);
    assert.match(await engine.ok('system', 'df', '-v'), /"sleep 301" +0 +3\.15MB .* ago +Up /);
  });

  it('says that a process of it was killed for want of memory', async () => {
    const killed = () => engine.ok('inspect', '-f', '{{.State.OOMKilled}} {{.State.Status}}', 'main');
    assert.equal(await killed(), 'false running');
    assert.equal((await engine.run(['exec', 'main', 'tail', '/dev/zero'])).code, 137);
    await eventually('it is told', async () => (await killed()) === 'true running');
    await engine.ok('restart', '-t', '0', 'main');
    assert.equal(await killed(), 'false running');
  });
});
