import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../support/eventually';
import { useFreshTinyd } from '../../support/use-tinyd';

/** Writes a line every 20 ms, and ends by SIGTERM. */
const TICKING = ['busybox', 'sh', '-c', 'trap "exit 7" TERM; while :; do echo tick; sleep 0.02; done'];

describe('pause and unpause', function () {
  this.timeout(60_000);
  const tinyd = useFreshTinyd();

  const lines = async (): Promise<number> => (await tinyd.ok('logs', 'c')).split('\n').length;
  const status = (): Promise<string> => tinyd.ok('ps', '--format', '{{.Names}} {{.State}} {{.Status}}');

  async function paused(...flags: string[]): Promise<void> {
    await tinyd.ok('run', '-d', '--name', 'c', ...flags, ...TICKING);
    assert.equal(await tinyd.ok('pause', 'c'), 'c');
  }

  it('stops the processes in their tracks, and lets them run on', async () => {
    await paused();
    const before = await lines();
    await sleep(300);
    assert.equal(await lines(), before, 'a paused container still runs');
    assert.equal(await tinyd.ok('unpause', 'c'), 'c');
    await eventually('it runs on', async () => (await lines()) > before);
    assert.match(await status(), /^c running Up [^(]*$/);
  });

  it('is told by ps, its filter, inspect and info', async () => {
    await paused();
    assert.match(await status(), /^c paused Up .* \(Paused\)$/);
    assert.equal(await tinyd.ok('ps', '--filter', 'status=paused', '--format', '{{.Names}}'), 'c');
    assert.equal(await tinyd.ok('ps', '-q', '--filter', 'status=running'), '');
    const state = '{{.State.Status}} {{.State.Running}} {{.State.Paused}}';
    assert.equal(await tinyd.ok('inspect', '-f', state, 'c'), 'paused true true');
    assert.equal(await tinyd.ok('info', '-f', '{{.ContainersPaused}} {{.ContainersStopped}}'), '1 0');
    await tinyd.ok('unpause', 'c');
    assert.equal(await tinyd.ok('inspect', '-f', state, 'c'), 'running true false');
  });

  it('refuses what would hang or mean nothing, and says what helps', async () => {
    await paused();
    for (const verb of [
      ['exec', 'c', 'true'],
      ['start', 'c'],
      ['attach', 'c'],
      ['rm', 'c'],
      ['pause', 'c'],
    ]) {
      const { code, stderr } = await tinyd.run(verb);
      assert.notEqual(code, 0, `${verb[0]} did not fail`);
      assert.match(stderr, /container c: it is paused/);
      assert.match(stderr, /tinyd (unpause|stop) c/);
    }
    await tinyd.ok('unpause', 'c');
    assert.match((await tinyd.run(['unpause', 'c'])).stderr, /unpause container c: it is running/);
    await tinyd.ok('stop', 'c');
    const stopped = await tinyd.run(['pause', 'c']);
    assert.equal(stopped.code, 1);
    assert.match(stopped.stderr, /pause container c: it is not running/);
  });

  it('is ended by stop with the stop signal, without waiting for the kill', async () => {
    await paused();
    const started = Date.now();
    await tinyd.ok('stop', '-t', '30', 'c');
    assert.ok(Date.now() - started < 20_000, 'the stop signal was never delivered');
    assert.equal(await tinyd.ok('inspect', '-f', '{{.State.ExitCode}} {{.State.Paused}}', 'c'), '7 false');
  });

  it('is ended by kill, by its stop signal, and by rm -f', async () => {
    await paused();
    await tinyd.ok('kill', 'c');
    assert.equal(await tinyd.ok('wait', 'c'), '137');
    await tinyd.ok('start', 'c');
    await tinyd.ok('pause', 'c');
    await tinyd.ok('kill', '-s', 'TERM', 'c');
    assert.equal(await tinyd.ok('wait', 'c'), '7');
    await tinyd.ok('start', 'c');
    await tinyd.ok('pause', 'c');
    await tinyd.ok('rm', '-f', 'c');
    assert.deepEqual(tinyd.containerFolders(), []);
  });

  it('keeps a signal that does not end it until it runs on', async () => {
    await tinyd.ok(
      'run',
      '-d',
      '--name',
      'c',
      'busybox',
      'sh',
      '-c',
      'trap "exit 9" USR1; while :; do sleep 0.02; done',
    );
    await tinyd.ok('pause', 'c');
    await tinyd.ok('kill', '-s', 'USR1', 'c');
    await sleep(200);
    assert.match(await status(), /Paused/);
    await tinyd.ok('unpause', 'c');
    assert.equal(await tinyd.ok('wait', 'c'), '9');
  });

  it('of a container whose monitor is killed leaves nothing frozen behind', async () => {
    await paused();
    const [folder = ''] = tinyd.containerFolders();
    const file = join(tinyd.root, 'containers', folder, 'state.json');
    const { monitorPid } = JSON.parse(readFileSync(file, 'utf8')) as { monitorPid: number };
    process.kill(monitorPid, 'SIGKILL');
    await sleep(100);
    assert.match(await tinyd.ok('ps', '-a', '--format', '{{.Status}}'), /^Exited \(137\)/);
    await tinyd.ok('start', 'c');
    assert.match(await status(), /^c running/);
  });

  it('and kill at the same moment always end in a dead container', async () => {
    for (let round = 0; round < 10; round++) {
      await tinyd.ok('run', '-d', '--name', 'c', ...TICKING);
      await Promise.all([tinyd.run(['pause', 'c']), tinyd.ok('kill', 'c')]);
      assert.equal(await tinyd.ok('wait', 'c'), '137');
      await tinyd.ok('rm', 'c');
    }
  });
});
