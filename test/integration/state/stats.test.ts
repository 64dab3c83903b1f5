import { strict as assert } from 'node:assert';
import { setTimeout as sleep } from 'node:timers/promises';
import { httpGet } from '../../support/http';
import { Terminal } from '../../support/terminal';
import { outcomeOf, REPOSITORY } from '../../support/tinyd';
import { useFreshTinyd } from '../../support/use-tinyd';

const MIB = 1024 * 1024;

describe('stats', function () {
  this.timeout(60_000);
  const tinyd = useFreshTinyd();

  const once = (format: string, ...names: string[]): Promise<string> =>
    tinyd.ok('stats', '--no-stream', '--format', format, ...names);

  /** Bytes from what docker prints: `31.5MiB`, `1.05kB`. */
  function bytes(text = ''): number {
    const [, digits, unit = ''] = /^([\d.]+)(\w+)$/.exec(text) ?? assert.fail(`no size: ${text}`);
    const scales: Record<string, number> = {
      B: 1,
      KiB: 1024,
      MiB: MIB,
      GiB: MIB * 1024,
      kB: 1e3,
      MB: 1e6,
      GB: 1e9,
    };
    return Number(digits) * (scales[unit] ?? assert.fail(`no unit: ${unit}`));
  }

  it('shows docker’s columns for what runs, and zeros for the rest with -a', async () => {
    const id = await tinyd.ok('run', '-d', '--name', 'idle', '-m', '64m', 'busybox', 'sleep', '300');
    await tinyd.ok('create', '--name', 'new', 'busybox', 'true');
    const rows = (await tinyd.ok('stats', '--no-stream')).split('\n');
    assert.match(
      rows[0] ?? '',
      /^CONTAINER ID {3}NAME {6}CPU % {5}MEM USAGE \/ LIMIT {3,}MEM % {5}NET I\/O {3,}BLOCK I\/O {3,}PIDS$/,
    );
    assert.equal(rows.length, 2);
    assert.match(rows[1] ?? '', new RegExp(`^${id.slice(0, 12)} {3}idle +\\d+\\.\\d\\d% +\\S+B / 64MiB +`));
    assert.match(rows[1] ?? '', / 1$/);
    const all = await tinyd.ok('stats', '--no-stream', '-a');
    assert.match(all, /new +0\.00% +0B \/ 0B +0\.00% +0B \/ 0B +0B \/ 0B +0$/m);
    assert.match(await once('{{.Container}} {{.ID}}', 'idle'), new RegExp(`^idle ${id.slice(0, 12)}$`));
    const json = JSON.parse(await once('json', 'idle')) as Record<string, string>;
    assert.deepEqual(Object.keys(json), [
      'BlockIO',
      'CPUPerc',
      'Container',
      'ID',
      'MemPerc',
      'MemUsage',
      'Name',
      'NetIO',
      'PIDs',
    ]);
  });

  it('tells busy from idle, and one process from several', async () => {
    await tinyd.ok(
      'run',
      '-d',
      '--name',
      'busy',
      '--cpus',
      '0.2',
      'busybox',
      'sh',
      '-c',
      'while :; do :; done',
    );
    await tinyd.ok('run', '-d', '--name', 'idle', 'busybox', 'sh', '-c', 'sleep 300 & sleep 300 & wait');
    const [busy, idle] = (await once('{{.CPUPerc}} {{.PIDs}}', 'busy', 'idle')).split('\n');
    const [, percent, pids] = /^([\d.]+)% (\d+)$/.exec(busy ?? '') ?? assert.fail(busy);
    // The quota caps it at 20, whatever else the machine does.
    assert.ok(Number(percent) > 4 && Number(percent) < 30, `${percent}%`);
    assert.equal(pids, '1');
    assert.match(idle ?? '', /^0\.\d\d% 3$/);
  });

  it('counts memory that is held, against the limit', async () => {
    const keep = 'dd if=/dev/zero of=/dev/shm/x bs=1M count=30 2>/dev/null; echo ready; sleep 300';
    await tinyd.ok(
      'run',
      '-d',
      '--name',
      'holds',
      '-m',
      '64m',
      '--memory-swap',
      '64m',
      'busybox',
      'sh',
      '-c',
      keep,
    );
    while ((await tinyd.ok('logs', 'holds')) !== 'ready') await sleep(50);
    const [used, limit] = (await once('{{.MemUsage}}', 'holds')).split(' / ');
    assert.equal(limit, '64MiB');
    assert.ok(bytes(used) >= 30 * MIB && bytes(used) < 45 * MIB, used);
    const percent = Number.parseFloat(await once('{{.MemPerc}}', 'holds'));
    assert.ok(Math.abs(percent - (100 * bytes(used)) / (64 * MIB)) < 2, `${percent}%`);
  });

  it('counts what goes over the network', async () => {
    await tinyd.ok('run', '-d', '--name', 'web', 'busybox', 'httpd', '-f', '-h', '/bin');
    await tinyd.ok('run', '-d', '--name', 'alone', '--network', 'none', 'busybox', 'sleep', '300');
    const address = await tinyd.ok('inspect', '-f', '{{.NetworkSettings.IPAddress}}', 'web');
    const body = await httpGet(`http://${address}/busybox`);
    const [received, sent] = (await once('{{.NetIO}}', 'web')).split(' / ');
    assert.ok(bytes(sent) > Math.min(body.length, 500_000), `sent ${sent}`);
    assert.ok(bytes(received) > 500 && bytes(received) < bytes(sent) / 2, `received ${received}`);
    assert.equal(await once('{{.NetIO}}', 'alone'), '0B / 0B');
  });

  it('redraws a terminal, and shows what comes and goes', async () => {
    await tinyd.ok('run', '-d', '--name', 'first', 'busybox', 'sleep', '300');
    const terminal = new Terminal([`${REPOSITORY}/packages/cli/bin/tinyd`, 'stats'], tinyd.env);
    await terminal.shows(/\x1b\[HCONTAINER ID[^\n]*\r\n[0-9a-f]{12} +first/, 20_000);
    await tinyd.ok('run', '-d', '--name', 'second', 'busybox', 'sleep', '300');
    await terminal.shows(/second/, 20_000);
    await tinyd.ok('rm', '-f', 'first');
    await sleep(2500);
    terminal.forget();
    await terminal.shows(/\x1b\[J/, 20_000);
    assert.doesNotMatch(terminal.screen, /first/);
    terminal.type('\x03');
    await terminal.ended;
  });

  it('writes plain tables to a pipe, and ends when all that was named is gone', async () => {
    await tinyd.ok('run', '-d', '--name', 'c', 'busybox', 'sleep', '300');
    const child = tinyd.spawn(['stats', 'c'], { stdio: ['ignore', 'pipe', 'pipe'] });
    const outcome = outcomeOf(child);
    await sleep(3500);
    await tinyd.ok('rm', '-f', 'c');
    const { code, stdout } = await outcome;
    assert.equal(code, 0);
    assert.ok((stdout.match(/^CONTAINER ID/gm) ?? []).length >= 2, stdout);
    assert.doesNotMatch(stdout, /\x1b/);
  });

  it('of a name that is not there fails', async () => {
    const { code, stderr } = await tinyd.run(['stats', '--no-stream', 'nobody']);
    assert.equal(code, 1);
    assert.match(stderr, /no such container/);
  });
});
