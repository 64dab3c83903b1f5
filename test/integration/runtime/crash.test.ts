import { strict as assert } from 'node:assert';
import { fork, spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Container } from '@tinyd/runtime';
import { BusyboxRoot } from './busybox-root';

/** More of them find rarer moments. */
const ROUNDS = Number(process.env.TINYD_CRASH_ROUNDS ?? 40);

describe('kill -9', () => {
  let box: BusyboxRoot;
  beforeEach(() => {
    box = new BusyboxRoot();
  });
  afterEach(() => box.dispose());

  const stateOf = (container: Container) => join(box.root, 'containers', container.id, 'state.json');
  const monitorOf = (container: Container) => {
    const { monitorPid } = JSON.parse(readFileSync(stateOf(container), 'utf8')) as { monitorPid: number };
    return monitorPid;
  };
  const started = async (changes = {}) => {
    const container = await box.runtime.create(
      box.options(['sleep', '60'], { network: { mode: 'bridge' }, ...changes }),
    );
    await container.start();
    return container;
  };
  const settled = async (container: Container) => {
    while (container.summary().status === 'running') await sleep(5);
  };

  it(`of the command at ${ROUNDS} random moments of create, start, stop and rm: the next commands work`, async function () {
    this.timeout(ROUNDS * 2000);
    for (let round = 0; round < ROUNDS; round++) {
      assert.equal(await killedAfter(box, Math.random() * 120), '', 'it ended by itself');
      await box.runtime.reconcile();
      for (const { id } of box.runtime.containers()) {
        const left = box.runtime.find(id);
        await left.remove({ force: true }).catch(error => {
          if (error.code !== 'ERR_TINYD_CONTAINER_NOT_FOUND') throw error;
        });
      }
      const next = await box.runtime.create(
        box.options(['true'], { name: 'victim', network: { mode: 'bridge' } }),
      );
      await next.start();
      assert.equal(await next.wait(), 0);
      await next.remove();
      assert.deepEqual(readdirSync(join(box.root, 'names')), ['.lock']);
      assert.deepEqual(readdirSync(join(box.root, 'containers')), []);
      await untilEmpty(join(box.state, 'containers'));
    }
  });

  it('of the monitor: the container is exited (137) and says why; the next start works', async () => {
    const container = await started();
    process.kill(monitorOf(container), 'SIGKILL');
    await settled(container);
    const { exitCode, error } = container.summary();
    assert.equal(exitCode, 137);
    assert.match(error, /monitor/);
    assert.throws(() => container.kill(), { code: 'ERR_TINYD_CONTAINER_STATE' });
    await container.start();
    assert.equal(container.summary().status, 'running');
    process.kill(monitorOf(container), 'SIGKILL');
    await settled(container);
    await container.remove();
  });

  it('of the monitor of a --rm container: the next command removes it', async () => {
    const container = await started({ autoRemove: true, name: 'gone' });
    process.kill(monitorOf(container), 'SIGKILL');
    await settled(container);
    await box.runtime.settle();
    assert.deepEqual(box.runtime.containers(), []);
    const next = await started({ name: 'next' });
    assert.deepEqual(
      box.runtime.containers().map(each => each.name),
      ['next'],
    );
    assert.throws(() => box.runtime.find('gone'), { code: 'ERR_TINYD_CONTAINER_NOT_FOUND' });
    await next.remove({ force: true });
  });

  it(`of the monitor at ${ROUNDS} random moments from start to teardown: the next commands work`, async function () {
    this.timeout(ROUNDS * 2000);
    for (let round = 0; round < ROUNDS; round++) {
      const autoRemove = round % 2 === 0;
      const options = box.options(['sleep', '0.01'], {
        name: 'victim',
        network: { mode: 'bridge' },
        autoRemove,
      });
      const victim = await box.runtime.create(options);
      const killing = killLater(victim.id, Math.random() * 0.05);
      // Killed before it could report, the start fails.
      await victim.start().catch(error => assert.equal(error.code, 'ERR_TINYD_START_FAILED', error));
      await killing;
      while (monitorsOf(victim.id).length > 0) await sleep(1);
      await box.runtime.reconcile();
      for (const { id } of box.runtime.containers()) await box.runtime.find(id).remove({ force: true });
      const next = await box.runtime.create(
        box.options(['true'], { name: 'victim', network: { mode: 'bridge' } }),
      );
      await next.start();
      assert.equal(await next.wait(), 0);
      await next.remove();
      assert.deepEqual(readdirSync(join(box.root, 'containers')), []);
      await untilEmpty(join(box.state, 'containers'));
    }
  });

  it('of the monitor while somebody waits or stops', async () => {
    const container = await started();
    const waiting = container.wait();
    process.kill(monitorOf(container), 'SIGKILL');
    assert.equal(await waiting, 137);
    await container.start();
    const stopping = container.stop({ timeout: 30 });
    process.kill(monitorOf(container), 'SIGKILL');
    await stopping;
    assert.equal(container.summary().status, 'exited');
  });

  it('a restart of the host: what ran is exited, and reconcile records it', async () => {
    const container = await started();
    await container.stop({ timeout: 0 });
    const path = stateOf(container);
    const state = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify({ ...state, status: 'running', bootId: 'another', pid: process.pid }));
    assert.deepEqual([container.summary().status, container.summary().exitCode], ['exited', 137]);
    await box.runtime.reconcile();
    assert.equal(JSON.parse(readFileSync(path, 'utf8')).status, 'exited');
    await container.start();
    assert.equal(container.summary().status, 'running');
  });

  it('seen [ran]: a frozen container is stopped and removed all the same', async () => {
    const container = await started();
    const freezer = `/sys/fs/cgroup/freezer/tinyd/${container.id}/freezer.state`;
    writeFileSync(freezer, 'FROZEN');
    const begin = Date.now();
    await container.stop({ timeout: 0.2 });
    assert.ok(Date.now() - begin < 2000);
    await container.start();
    writeFileSync(freezer, 'FROZEN');
    container.kill();
    assert.equal(await container.wait(), 137);
    await container.start();
    writeFileSync(freezer, 'FROZEN');
    await container.remove({ force: true });
  });
});

/** Kills a process that lives through lifecycles some milliseconds after it began; what it said if it ended before. */
async function killedAfter({ root, state }: BusyboxRoot, milliseconds: number): Promise<string> {
  const child = fork(join(__dirname, 'lifecycle-child.js'), [root, state, 'victim', 'Infinity'], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let errors = '';
  child.stderr?.on('data', piece => {
    errors += piece;
  });
  const ended = new Promise(resolve => child.once('close', resolve));
  await Promise.race([ended, new Promise(resolve => child.once('message', resolve))]);
  await sleep(milliseconds);
  child.kill('SIGKILL');
  await ended;
  return errors;
}

/** PIDs of a container's living monitors, which have its ID in their name (as much of it as a name holds). */
function monitorsOf(id: string): number[] {
  const pattern = new RegExp(`^\\d+ \\(tinyd:${id.slice(0, 9)}\\) [^ZX]`);
  return readdirSync('/proc')
    .map(Number)
    .filter(pid => {
      try {
        return pattern.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
      } catch {
        return false;
      }
    });
}

/** Kills a container's monitors after a while, from a process of its own: a start blocks this one. */
function killLater(id: string, seconds: number): Promise<unknown> {
  const name = `tinyd:${id.slice(0, 9)}`;
  const script = `sleep ${seconds}
    for p in /proc/[0-9]*; do
      read -r comm < $p/comm && [ "$comm" = "${name}" ] && kill -9 "\${p#/proc/}"
    done 2> /dev/null; true`;
  const child = spawn('sh', ['-c', script], { stdio: 'ignore' });
  return new Promise(resolve => child.once('exit', resolve));
}

async function untilEmpty(folder: string): Promise<void> {
  for (let round = 0; readdirSync(folder).length > 0; round++) {
    assert.ok(round < 200, `${folder} holds ${readdirSync(folder)}`);
    await sleep(10);
  }
}
