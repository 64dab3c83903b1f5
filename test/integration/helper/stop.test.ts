import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Box } from './box';

describe('helper: the end of a container', () => {
  let box: Box;
  beforeEach(() => {
    box = new Box();
  });
  afterEach(() => box.remove());

  it('SIGTERM to the monitor: the stop signal, then SIGKILL after the time of the plan', async () => {
    const script = 'trap "echo asked" USR1; echo up; while :; do sleep 0.05; done';
    const { client } = box.start(['sh', '-c', script], {
      session: { stopSignal: 10, stopTimeoutSeconds: 1 },
    });
    await client.expect(/up/);
    const begun = Date.now();
    process.kill(box.state().monitorPid as number, 'SIGTERM');
    const { code, signal } = await client.exited;
    assert.deepEqual({ code, signal }, { code: 137, signal: 9 });
    assert.match(client.stdout(), /asked/);
    assert.ok(Date.now() - begun >= 950 && Date.now() - begun < 3000);
  });

  it('a monitor that is killed takes the container with it', async () => {
    const { client, report } = box.start(['sleep', '1000']);
    process.kill(box.state().monitorPid as number, 'SIGKILL');
    await assert.rejects(client.exited);
    for (let waited = 0; existsSync(`/proc/${report.pid}/exe`) && waited < 200; waited++) await sleep(10);
    assert.ok(!existsSync(`/proc/${report.pid}/exe`));
  });

  it('the next start works after a monitor that was killed', async () => {
    box.start(['sleep', '1000']).client.close();
    process.kill(box.state().monitorPid as number, 'SIGKILL');
    await sleep(50);
    assert.equal((await box.run(['echo', 'again'])).stdout, 'again\n');
  });

  it('SIGKILL ends a paused container', async () => {
    const freezer = box.cgroup('freezer');
    const { client } = box.start(['sleep', '1000'], { session: { cgroups: [freezer] } });
    writeFileSync(join(freezer.path, 'freezer.state'), 'FROZEN');
    client.send({ type: 'signal', signal: 9 });
    assert.equal((await client.exited).code, 137);
    assert.ok(!existsSync(freezer.path));
  });

  it('knows an out-of-memory kill', async () => {
    const memory = box.cgroup('memory', [
      { file: 'memory.limit_in_bytes', value: '8388608', optional: false },
    ]);
    const { client } = box.start(['sh', '-c', 'tail /dev/zero'], {
      session: { cgroups: [memory], oomFile: join(memory.path, 'memory.oom_control') },
    });
    const { oomKilled, code } = await client.exited;
    assert.deepEqual({ oomKilled, code }, { oomKilled: true, code: 137 });
    assert.equal(box.state().oomKilled, true);
  });

  it('removes cgroups, also those made below them', async () => {
    const pids = box.cgroup('pids');
    const { client } = box.start(['sleep', '0.2'], { session: { cgroups: [pids] } });
    mkdirSync(join(pids.path, 'a', 'b'), { recursive: true });
    await client.exited;
    assert.ok(!existsSync(pids.path));
  });

  it('leaves optional limits that the host refuses out, with a warning', async () => {
    const pids = box.cgroup('pids', [
      { file: 'pids.nothing', value: '1', optional: true },
      { file: 'pids.max', value: '33', optional: false },
    ]);
    const report = box.launch(box.plan(['sleep', '0.2'], { session: { cgroups: [pids] } }));
    assert.equal(report.stage, 'started');
    assert.match(report.warnings[0] ?? '', /pids\.nothing/);
    assert.equal(readFileSync(join(pids.path, 'pids.max'), 'utf8'), '33\n');
  });

  it('kills what is left when there was no PID namespace', async () => {
    const pids = box.cgroup('pids');
    const { target } = box.plan(['true']);
    assert.ok(target.kind === 'container');
    const unshare = target.unshare.filter(kind => kind !== 'pid');
    const mounts = target.mounts.filter(step => !('target' in step && step.target === '/proc'));
    const script = 'sleep 987 & (sleep 986 &) ; echo $!';
    const { client } = box.start(['sh', '-c', script], {
      session: { cgroups: [pids] },
      container: { unshare, mounts },
    });
    await client.exited;
    const left = Number(client.stdout());
    for (let waited = 0; existsSync(`/proc/${left}/exe`) && waited < 100; waited++) await sleep(10);
    assert.ok(left > 1 && !existsSync(`/proc/${left}/exe`));
    assert.ok(!existsSync(pids.path));
  });

  it('--rm: gives the address back, removes links and folders, follows no link out', async () => {
    const bitmap = join(box.base, 'bitmap');
    const outside = join(box.base, 'outside');
    const gone = join(box.base, 'gone');
    const name = join(box.base, 'name');
    writeFileSync(bitmap, '111');
    mkdirSync(outside);
    writeFileSync(join(outside, 'precious'), 'x');
    mkdirSync(join(gone, 'deep'), { recursive: true });
    symlinkSync(outside, join(gone, 'deep', 'link'));
    symlinkSync(gone, name);
    const teardown = {
      releases: [{ file: bitmap, offset: 2 }],
      removeLinks: [name],
      removeTrees: [gone],
    };
    await box.run(['true'], { session: { teardown } });
    await box.settled();
    assert.equal(readFileSync(bitmap, 'utf8'), '110');
    assert.ok(!existsSync(gone) && !existsSync(name));
    assert.equal(readFileSync(join(outside, 'precious'), 'utf8'), 'x');
  });

  it('--rm: enters no mount that somebody left below the folder', async () => {
    const gone = join(box.base, 'gone');
    const mount = join(gone, 'mount');
    mkdirSync(mount, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', 'tinyd-test', mount]);
    try {
      writeFileSync(join(mount, 'precious'), 'x');
      await box.run(['true'], {
        session: { teardown: { releases: [], removeLinks: [], removeTrees: [gone] } },
      });
      await box.settled();
      assert.equal(readFileSync(join(mount, 'precious'), 'utf8'), 'x');
    } finally {
      execFileSync('umount', [mount]);
    }
  });

  it('keeps its ports from other programs while it runs', async () => {
    const { session } = box.plan(['true']);
    assert.ok(session.network);
    const port = 39_871;
    const network = {
      ...session.network,
      claims: [{ protocol: 'tcp' as const, address: '127.0.0.1', port }],
    };
    const { client } = box.start(['sleep', '0.3'], { session: { network } });
    const bind = `import socket; socket.socket().bind(("127.0.0.1", ${port}))`;
    assert.throws(() => execFileSync('python3', ['-c', bind], { stdio: 'ignore' }));
    await client.exited;
    await box.settled();
    await sleep(20);
    execFileSync('python3', ['-c', bind]);
  });

  it('claims two thousand ports, whatever the limit on descriptors, and hands that limit on unchanged', async () => {
    const { session } = box.plan(['true']);
    assert.ok(session.network);
    const claims = Array.from({ length: 2000 }, (_, index) => ({
      protocol: 'udp' as const,
      address: '127.0.0.9',
      port: 20_000 + index,
    }));
    const limit = () => /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    const network = { ...session.network, claims };
    const { stdout } = await box.run(['sh', '-c', 'ulimit -n; ls /proc/1/fd; true'], {
      session: { network },
    });
    assert.equal(stdout, `${limit()}\n0\n1\n2\n`);
  });
});
