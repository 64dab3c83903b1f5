import { strict as assert } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../../support/living-process';
import { outcomeOf } from '../../support/tinyd';
import { useFreshTinyd } from '../../support/use-tinyd';

const LONG = ['busybox', 'sleep', '300'];

/** Moments spread over the life of a command, in milliseconds. */
const MOMENTS = [5, 20, 30, 35, 40, 45, 50, 55, 60, 65, 70, 80, 90, 110];

describe('kill -9', () => {
  const tinyd = useFreshTinyd();

  /** Starts a command and kills it some milliseconds later, if it is still there. */
  async function killed(args: readonly string[], afterMs: number): Promise<void> {
    const child = tinyd.spawn(args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const outcome = outcomeOf(child);
    await sleep(afterMs);
    child.kill('SIGKILL');
    await outcome;
  }

  /** Whatever the kill left: the container can be brought to life, seen, and removed without a trace. */
  async function assertUsable(name: string): Promise<void> {
    const rows = await tinyd.ok('ps', '-a', '--format', '{{.Names}}');
    if (!rows.split('\n').includes(name)) await tinyd.ok('create', '--name', name, ...LONG);
    await tinyd.ok('start', name);
    assert.equal(await tinyd.ok('exec', name, 'echo', 'alive'), 'alive');
    await tinyd.ok('rm', '-f', name);
    assert.deepEqual(tinyd.containerFolders(), [], 'a half-made container stayed');
    const names = readdirSync(join(tinyd.root, 'names')).filter(each => !each.startsWith('.'));
    assert.deepEqual(names, [], 'a name stayed');
  }

  it('of create at any moment leaves a name that can be used', async function () {
    this.timeout(120_000);
    for (const moment of MOMENTS) {
      await killed(['create', '--name', 'victim', ...LONG], moment);
      await assertUsable('victim');
    }
  });

  it('of run -d at any moment leaves nothing that cannot be removed', async function () {
    this.timeout(120_000);
    for (const moment of MOMENTS) {
      await killed(['run', '-d', '--name', 'victim', ...LONG], moment);
      const status = await tinyd.run(['ps', '-a', '--format', '{{.Names}} {{.State}}']);
      assert.equal(status.code, 0, status.stderr);
      if (status.stdout.includes('victim')) await tinyd.ok('rm', '-f', 'victim');
      await assertUsable('victim');
    }
  });

  it('of start, stop and rm at any moment is made good by the next command', async function () {
    this.timeout(180_000);
    for (const verb of [['start'], ['stop', '-t', '0'], ['rm', '-f']]) {
      for (const moment of MOMENTS) {
        await tinyd.ok('create', '--name', 'victim', ...LONG);
        if (verb[0] !== 'start') await tinyd.ok('start', 'victim');
        await killed([...verb, 'victim'], moment);
        const removed = await tinyd.run(['rm', '-f', 'victim']);
        const isGone = removed.code === 0 || /ERR_TINYD_CONTAINER_NOT_FOUND/.test(removed.stderr);
        assert.ok(isGone, removed.stderr);
        await assertUsable('victim');
      }
    }
  });

  it('of the monitor ends the container, and the next command says so and cleans up', async () => {
    for (const remove of [false, true]) {
      await tinyd.ok('run', '-d', ...(remove ? ['--rm'] : []), '--name', 'victim', ...LONG);
      const [folder = ''] = tinyd.containerFolders();
      const state = JSON.parse(
        readFileSync(join(tinyd.root, 'containers', folder, 'state.json'), 'utf8'),
      ) as {
        pid: number;
        monitorPid: number;
      };
      process.kill(state.monitorPid, 'SIGKILL');
      const deadline = Date.now() + 2000;
      while (isAlive(state.pid) && Date.now() < deadline) await sleep(10);
      assert.ok(!isAlive(state.pid), 'the container outlived its monitor');
      assert.equal(await tinyd.ok('ps', '-q'), '', 'a dead container is shown as running');
      if (!remove) {
        assert.match(await tinyd.ok('ps', '-a'), /Exited \(137\)/);
        await tinyd.ok('rm', 'victim');
      }
      await assertUsable('victim');
    }
  });
});
