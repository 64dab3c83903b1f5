import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../../support/living-process';
import { COMMAND } from '../../support/tinyd';
import { useFreshTinyd } from '../../support/use-tinyd';

describe('after a killed monitor, and after a restart of the host', function () {
  this.timeout(60_000);
  const tinyd = useFreshTinyd();

  const statePath = (id: string): string => join(tinyd.root, 'containers', id, 'state.json');
  const statuses = async (): Promise<Record<string, string>> => {
    const rows = await tinyd.ok('ps', '-a', '--format', '{{.Names}} {{.State}}');
    return Object.fromEntries(rows.split('\n').map(row => row.split(' ')));
  };
  const run = (name: string, policy: string): Promise<string> =>
    tinyd.ok(
      'run',
      '-d',
      '--name',
      name,
      '--stop-timeout',
      '0',
      '--restart',
      policy,
      'busybox',
      'sleep',
      '300',
    );

  async function killMonitors(...ids: string[]): Promise<void> {
    for (const id of ids) {
      const { monitorPid, pid } = JSON.parse(readFileSync(statePath(id), 'utf8'));
      process.kill(monitorPid, 'SIGKILL');
      while (isAlive(pid) || isAlive(monitorPid)) await sleep(5);
    }
  }

  /** What a restart of the host leaves: no process, no run folder, and the state of another boot. */
  function forgetBoot(...ids: string[]): void {
    for (const id of ids) {
      const state = JSON.parse(readFileSync(statePath(id), 'utf8'));
      writeFileSync(
        statePath(id),
        JSON.stringify({ ...state, bootId: '00000000-0000-0000-0000-000000000000' }),
      );
      rmSync(join(tinyd.state, 'containers', id), { recursive: true, force: true });
    }
  }

  it('is brought back by the next command where its policy says so, which is told', async () => {
    const ids = await Promise.all([run('a', 'always'), run('f', 'on-failure'), run('n', 'no')]);
    await killMonitors(...ids);
    const { stderr } = await tinyd.run(['ps']);
    assert.match(stderr, /container a: the monitor of the container was killed; started it again/);
    assert.match(stderr, /container f: .*; started it again/);
    assert.match(stderr, /container n: .*; recorded its end and gave back what it held\n/);
    assert.deepEqual(await statuses(), { a: 'running', f: 'running', n: 'exited' });
    assert.equal((await tinyd.run(['ps'])).stderr, '', 'told once');
  });

  it('knows after a power cut what a user had stopped, and what a user had started again', async () => {
    const id = await run('a', 'unless-stopped');
    const folder = join(tinyd.root, 'containers', id);
    const marker = join(folder, 'stopped');
    /** Whether the name was on disk, by fsync of its folder, before the command ended. */
    const isOnDisk = async (verb: string, call: RegExp): Promise<boolean> => {
      const trace = join(tinyd.base, `${verb}.trace`);
      const calls = 'trace=openat,unlink,unlinkat,fsync';
      const command = [process.execPath, COMMAND, verb, 'a'];
      const child = spawn('strace', ['-y', '-qq', '-o', trace, '-e', calls, ...command], {
        env: tinyd.env,
        stdio: 'ignore',
      });
      assert.deepEqual(await once(child, 'exit'), [0, null]);
      const lines = readFileSync(trace, 'utf8').split('\n');
      const changed = lines.findIndex(
        line => line.includes(marker) && call.test(line) && !line.includes('= -1'),
      );
      assert.ok(changed >= 0, `${verb} does not touch the note`);
      return lines.slice(changed).some(line => /fsync\(/.test(line) && line.includes(`<${folder}>`));
    };
    assert.ok(await isOnDisk('stop', /O_CREAT/));
    assert.ok(existsSync(marker));
    assert.ok(await isOnDisk('start', /unlink/));
    assert.ok(!existsSync(marker));
  });

  it('comes up with boot: always, and unless-stopped unless it had been stopped', async () => {
    const names = ['always', 'stopped-always', 'unless', 'stopped-unless', 'failure', 'none'];
    const policies = ['always', 'always', 'unless-stopped', 'unless-stopped', 'on-failure', 'no'];
    const ids = await Promise.all(names.map((name, index) => run(name, policies[index] ?? '')));
    await tinyd.ok('create', '--name', 'never', '--restart', 'always', 'busybox', 'sleep', '300');
    await tinyd.ok('stop', 'stopped-always', 'stopped-unless');
    const running = ids.filter((_, index) => !names[index]?.startsWith('stopped'));
    await killMonitors(...running);
    forgetBoot(...ids);
    const { stderr } = await tinyd.run(['ps']);
    assert.match(stderr, /container always: the host was restarted .*; tinyd boot starts it again/);
    assert.doesNotMatch(stderr, /container none: .*boot/);
    const said = (await tinyd.ok('boot')).split('\n').sort();
    assert.deepEqual(said, [
      'left stopped-unless: it had been stopped',
      'started always',
      'started stopped-always',
      'started unless',
    ]);
    assert.deepEqual(await statuses(), {
      always: 'running',
      'stopped-always': 'running',
      unless: 'running',
      'stopped-unless': 'exited',
      failure: 'exited',
      none: 'exited',
      never: 'created',
    });
    assert.equal(await tinyd.ok('boot'), 'left stopped-unless: it had been stopped', 'twice does no harm');
  });

  it('says which container could not be started, and starts the others', async () => {
    const ids = await Promise.all([run('good', 'always'), run('bad', 'always')]);
    await killMonitors(...ids);
    forgetBoot(...ids);
    rmSync(join(tinyd.root, 'containers', ids[1] ?? '', 'rootfs'), { recursive: true });
    const { code, stdout, stderr } = await tinyd.run(['boot']);
    assert.deepEqual([code, stdout], [1, 'started good\n']);
    assert.match(stderr, /^tinyd boot: cannot start container bad: .*ERR_TINYD_/);
  });

  it('prints a unit that names this command and these folders', async () => {
    const unit = await tinyd.ok('boot', '--unit');
    assert.match(
      unit,
      new RegExp(`^ExecStart=/.*/tinyd --root ${tinyd.root} --state ${tinyd.state} boot$`, 'm'),
    );
    assert.match(unit, /^WantedBy=multi-user.target$/m);
  });
});
