import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JoinPlan } from '../../../packages/runtime/dist/plan/container';
import { Box, type PlanChanges } from './box';

describe('helper: a process that joins a container', () => {
  let box: Box;
  const cgroups = () => [box.cgroup('pids'), box.cgroup('memory')];
  let execs = 0;

  beforeEach(() => {
    box = new Box();
    const { stage } = box.launch(
      box.plan(['sh', '-c', 'hostname inner; sleep 1000'], { session: { cgroups: cgroups() } }),
    );
    assert.equal(stage, 'started');
  });
  afterEach(async () => {
    try {
      process.kill(box.state().pid as number, 'SIGKILL');
    } catch {}
    await box.remove();
  });

  function target(): JoinPlan {
    const { pid, startTicks } = box.state() as { pid: number; startTicks: string };
    const namespaces = ['mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup'] as const;
    return { kind: 'join', pid, startTicks: BigInt(startTicks), namespaces };
  }

  /** A plan change that makes the box's defaults an exec, in folders of its own. */
  function joining(changes: PlanChanges = {}): PlanChanges {
    const folder = join(box.runDir, 'exec', `${++execs}`);
    mkdirSync(folder, { recursive: true });
    const { network: _, log: __, ...rest } = box.plan(['x']).session;
    const enter = cgroups().map(cgroup => ({ ...cgroup, writes: [] }));
    const session = {
      ...rest,
      runDir: folder,
      stateDir: folder,
      cgroups: enter,
      log: undefined,
      network: undefined,
    };
    return {
      ...changes,
      target: target(),
      session: { ...session, ...changes.session } as NonNullable<PlanChanges['session']>,
    };
  }

  it('sees the namespaces and is in the cgroups of the container', async () => {
    const { code, stdout } = await box.run(
      ['sh', '-c', 'echo $$ $(hostname) $(cat /proc/1/comm); cat /proc/self/cgroup; exit 3'],
      joining(),
    );
    assert.equal(code, 3);
    assert.match(stdout, /^\d+ box sleep\n|^\d+ box sh\n/);
    assert.match(stdout, /:memory:\/\n/);
    assert.match(stdout, /:pids:\/\n/);
    assert.ok(existsSync(box.cgroup('memory').path), 'the cgroup is still the container’s');
    const state = JSON.parse(
      readFileSync(join(box.runDir, 'exec', `${execs}`, 'state.json'), 'utf8'),
    ) as object;
    assert.equal((state as { exitCode: number }).exitCode, 3);
  });

  it('gets a terminal of the container', async () => {
    const { client, report } = box.start(
      ['sh', '-c', 'tty; stty size'],
      joining({ session: { terminal: { rows: 9, columns: 33 }, stdin: 'open' } }),
    );
    assert.equal(report.stage, 'started');
    await client.exited;
    assert.equal(client.stdout(), '/dev/pts/0\r\n9 33\r\n');
  });

  it('says what is wrong with its command, and ends nothing but itself', () => {
    const report = box.launch(box.plan(['gone'], joining()));
    assert.deepEqual([report.stage, report.errno, report.operand], ['exec', 2, 'gone']);
    const cwd = box.launch(box.plan(['true'], joining({ process: { cwd: '/not/there' } })));
    assert.deepEqual([cwd.stage, cwd.errno, cwd.operand], ['cwd', 2, '/not/there']);
    assert.equal(box.state().status, 'running');
    assert.ok(existsSync(box.cgroup('pids').path));
  });

  it('joins no process that merely got the PID', () => {
    const changes = joining();
    const wrong = { ...target(), startTicks: 1n };
    const report = box.launch(box.plan(['true'], { ...changes, target: wrong }));
    assert.deepEqual([report.stage, report.errno], ['join', 3]);
  });

  it('ends with the container', async () => {
    const { client } = box.start(['sh', '-c', 'echo up; sleep 1000'], joining());
    await client.expect(/up/);
    process.kill(box.state().pid as number, 'SIGKILL');
    assert.equal((await client.exited).code, 137);
  });

  it('dies with its monitor', async function () {
    // Else the dead process stays, and the container's own cannot end before it has gone: on such a host nothing helps.
    if (!(await reapsOrphans())) this.skip();
    const { client, report } = box.start(['sh', '-c', 'echo up; sleep 1000'], joining());
    await client.expect(/up/);
    const state = JSON.parse(readFileSync(join(box.runDir, 'exec', `${execs}`, 'state.json'), 'utf8')) as {
      monitorPid: number;
    };
    process.kill(state.monitorPid, 'SIGKILL');
    await assert.rejects(client.exited);
    for (let waited = 0; existsSync(`/proc/${report.pid}/exe`) && waited < 100; waited++) {
      await sleep(10);
    }
    assert.ok(!existsSync(`/proc/${report.pid}/exe`));
  });

  it('comes back at once although a child of it holds its output', async () => {
    const { code, stdout } = await box.run(['sh', '-c', 'sleep 1000 & echo done'], joining());
    assert.equal(code, 0);
    assert.equal(stdout, 'done\n');
  });

  it('has descriptors 0, 1 and 2 only', async () => {
    const { stdout } = await box.run(['sh', '-c', 'ls /proc/$$/fd; true'], joining());
    assert.equal(stdout, '0\n1\n2\n');
  });

  it('cannot be looked into by the container before its exec (CVE-2016-9962)', async () => {
    // Root in the container, with every capability there: as many looks at new processes as fit into 40 execs.
    const watch = 'while :; do for p in /proc/[0-9]*; do ls -l $p/exe $p/fd; done; done 2>/dev/null';
    const watcher = box.start(['sh', '-c', watch], joining());
    for (let i = 0; i < 40; i++) await box.run(['true'], joining());
    watcher.client.send({ type: 'signal', signal: 9 });
    await watcher.client.exited;
    assert.doesNotMatch(watcher.client.stdout(), /tinyd-init|memfd|cgroup|socket:/);
  });
});

/** False where process 1 is a program that waits for no children but its own, as in a box that was started without an init. */
async function reapsOrphans(): Promise<boolean> {
  const pid = execFileSync('sh', ['-c', 'sleep 0 >&- & echo $!'], { encoding: 'utf8' }).trim();
  for (let waited = 0; waited < 200 && existsSync(`/proc/${pid}`); waited++) await sleep(10);
  return !existsSync(`/proc/${pid}`);
}
