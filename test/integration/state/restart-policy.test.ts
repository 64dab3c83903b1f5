import { strict as assert } from 'node:assert';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../support/eventually';
import { useFreshTinyd } from '../../support/use-tinyd';

const MIB = 1024 * 1024;
const OFFLINE = ['--network', 'none', 'busybox'];

describe('restart policies', function () {
  this.timeout(120_000);
  const tinyd = useFreshTinyd();

  const inspect = (format: string, name = 'c'): Promise<string> => tinyd.ok('inspect', '-f', format, name);
  const status = (name = 'c'): Promise<string> => inspect('{{.State.Status}}', name);
  const script = (policy: string, text: string, ...flags: string[]): Promise<string> =>
    tinyd.ok('run', '-d', '--name', 'c', '--restart', policy, ...flags, 'busybox', 'sh', '-c', text);
  const startedAt = (id: string): string => stateFile(id).startedAt;

  interface State {
    readonly status: string;
    readonly startedAt: string;
    readonly finishedAt: string;
    readonly restartCount: number;
  }

  function stateFile(id: string): State {
    return JSON.parse(readFileSync(join(tinyd.root, 'containers', id, 'state.json'), 'utf8'));
  }

  const restarting = (id: string): Promise<void> =>
    eventually('restarting', () => stateFile(id).status === 'restarting');

  it('starts a failing program again as often as told, later each time, into the same log', async () => {
    const id = await script('on-failure:3', 'echo run; exit 3');
    await eventually('the end', () => stateFile(id).status === 'exited');
    assert.equal(await inspect('{{.State.ExitCode}} {{.RestartCount}}'), '3 3');
    assert.equal(
      await inspect('{{json .HostConfig.RestartPolicy}}'),
      '{"Name":"on-failure","MaximumRetryCount":3}',
    );
    const log = (await tinyd.ok('logs', '-t', 'c')).split('\n');
    const times = log.map(line => Date.parse(line.split(' ')[0] ?? ''));
    assert.equal(log.length, 4);
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    for (const [index, least] of [100, 200, 400].entries())
      assert.ok(
        (gaps[index] ?? 0) >= least && (gaps[index] ?? 0) < least + 5000,
        `gaps of ${gaps.join()} ms`,
      );
    assert.equal(await tinyd.ok('start', 'c'), 'c');
    await eventually('the end', () => stateFile(id).status === 'exited' && stateFile(id).restartCount === 3);
    assert.equal((await tinyd.ok('logs', 'c')).split('\n').length, 8, 'a start by hand counts anew');
  });

  it('does not start what ended well again for on-failure, but for always', async () => {
    const id = await script('on-failure', 'exit 0');
    await eventually('the end', () => stateFile(id).status === 'exited');
    await tinyd.ok('rm', 'c');
    const always = await script('always', 'exit 0');
    await restarting(always);
  });

  it('shows a container that waits, and refuses what needs a process', async () => {
    const id = await script('always', 'exit 1');
    // 3.2 s from here on.
    await eventually('a longer wait', async () => Number(await inspect('{{.RestartCount}}')) >= 6);
    await restarting(id);
    assert.match(
      await tinyd.ok('ps', '--format', '{{.State}} {{.Status}}'),
      /^restarting Restarting \(1\) .+ ago$/,
    );
    assert.equal(await tinyd.ok('ps', '-q', '--no-trunc', '-f', 'status=restarting'), id);
    assert.equal(await inspect('{{.State.Running}} {{.State.Restarting}} {{.State.Pid}}'), 'true true 0');
    for (const args of [
      ['pause', 'c'],
      ['exec', 'c', 'true'],
      ['attach', 'c'],
      ['top', 'c'],
      ['rm', 'c'],
      ['kill', '-s', 'HUP', 'c'],
    ]) {
      const { code, stderr } = await tinyd.run(args);
      assert.notEqual(code, 0, args.join(' '));
      assert.match(stderr, /restarting.*ERR_TINYD_CONTAINER_STATE/, args.join(' '));
    }
    assert.equal(await tinyd.ok('start', 'c'), 'c', 'as in docker, it counts as running');
  });

  it('is stopped at once while it waits, and stays so', async () => {
    const verbs = [['stop'], ['kill'], ['update', '--restart', 'no'], ['rm', '-f']];
    const start = (name: string) =>
      tinyd.ok('run', '-d', '--name', name, '--restart', 'always', ...OFFLINE, 'sh', '-c', 'exit 1');
    const ids = await Promise.all(verbs.map((_, index) => start(`c${index}`)));
    for (const [index, verb] of verbs.entries()) {
      const [id, name] = [ids[index] ?? '', `c${index}`];
      const waits = () => stateFile(id).restartCount >= 8 && stateFile(id).status === 'restarting';
      await eventually('a longer wait', waits);
      const { finishedAt, restartCount } = stateFile(id);
      const nextRun = Date.parse(finishedAt) + 100 * 2 ** (restartCount - 1);
      await tinyd.ok(...verb, name);
      if (verb[0] !== 'rm') {
        await eventually('the end', () => stateFile(id).status === 'exited');
        assert.equal(await inspect('{{.State.ExitCode}} {{.RestartCount}}', name), `1 ${restartCount}`);
      }
      assert.ok(Date.now() < nextRun, `${verb.join(' ')} waited for the next run`);
      await tinyd.run(['rm', '-f', name]);
      assert.ok(!existsSync(join(tinyd.state, 'containers', id)));
    }
  });

  it('ends for good by stop and by signals that ask for the end, not by others', async () => {
    const body = 'trap "exit 9" HUP TERM; echo up; while :; do sleep 0.02; done';
    const id = await script('always', body);
    const first = startedAt(id);
    await eventually('the trap', async () => (await tinyd.ok('logs', 'c')).includes('up'));
    await tinyd.ok('kill', '-s', 'HUP', 'c');
    await eventually('the next run', () => stateFile(id).status === 'running' && startedAt(id) !== first);
    await eventually('the trap', async () => (await tinyd.ok('logs', 'c')).match(/up/g)?.length === 2);
    await tinyd.ok('kill', '-s', 'TERM', 'c');
    await eventually('the end', () => stateFile(id).status === 'exited');
    await tinyd.ok('start', 'c');
    await eventually('the trap', async () => (await tinyd.ok('logs', 'c')).match(/up/g)?.length === 3);
    await tinyd.ok('stop', 'c');
    assert.equal(await inspect('{{.State.Status}} {{.State.ExitCode}}'), 'exited 9');
    await tinyd.ok('restart', 'c');
    assert.equal(await status(), 'running');
    await tinyd.ok('rm', '-f', 'c');
  });

  it('keeps its address and published port, and gives both back at the end', async () => {
    const id = await script('always', 'httpd -h /www; sleep 4', '-p', '127.0.0.1::80');
    const port = Number((await tinyd.ok('port', 'c')).split(':').at(-1));
    const address = await inspect('{{.NetworkSettings.IPAddress}}');
    const first = startedAt(id);
    await eventually('a second run', () => stateFile(id).status === 'running' && startedAt(id) !== first);
    const shown = '{{.State.Status}} {{.NetworkSettings.IPAddress}}';
    await eventually('its address', async () => (await inspect(shown)) === `running ${address}`);
    await eventually('an answer', () => answers(port));
    assert.equal(await tinyd.ok('port', 'c'), `80/tcp -> 127.0.0.1:${port}`);
    await tinyd.ok('rm', '-f', 'c');
    assert.equal(await answers(port), false);
  });

  function answers(port: number): Promise<boolean> {
    return new Promise(resolve => {
      const socket = connect(port, '127.0.0.1');
      socket.once('data', () => socket.destroy() && resolve(true));
      for (const event of ['error', 'end']) socket.once(event, () => socket.destroy() && resolve(false));
      socket.write('GET / HTTP/1.0\r\n\r\n');
    });
  }

  it('gives an attached client the exit of its run, and waiters that of the next', async () => {
    const { code, stdout } = await tinyd.run([
      'run',
      '--name',
      'c',
      '--restart',
      'always',
      'busybox',
      'sh',
      '-c',
      'echo once; exit 5',
    ]);
    assert.deepEqual([code, stdout], [5, 'once\n']);
    assert.equal(await tinyd.ok('wait', 'c'), '5');
    assert.ok(['running', 'restarting'].includes(await status()));
    const follower = tinyd.run(['logs', '-f', 'c']);
    await sleep(300);
    await tinyd.ok('stop', 'c');
    assert.ok(((await follower).stdout.match(/once/g) ?? []).length >= 2, 'logs -f goes on over restarts');
  });

  it('has the limits of before, and those of an update, after it was started again', async () => {
    const limit = 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null';
    const id = await script('always', `${limit}; ulimit -n; sleep 0.7`, '-m', '64m');
    await tinyd.ok('update', '-m', '32m', 'c');
    const first = startedAt(id);
    await eventually('a second run', () => stateFile(id).status === 'running' && startedAt(id) !== first);
    await eventually('its output', async () => (await tinyd.ok('logs', 'c')).split('\n').length >= 4);
    const lines = (await tinyd.ok('logs', 'c')).split('\n');
    assert.deepEqual([lines[0], lines[2]], [String(64 * MIB), String(32 * MIB)]);
    assert.equal(lines[3], lines[1], 'the limit of descriptors is the same in every run');
  });

  it('takes a new policy while it runs, and while it waits', async () => {
    const id = await tinyd.ok('run', '-d', '--name', 'c', 'busybox', 'sh', '-c', 'sleep 0.5; exit 4');
    assert.equal(await tinyd.ok('update', '--restart', 'on-failure:9', 'c'), 'c');
    await eventually('a restart', async () => Number(await inspect('{{.RestartCount}}')) >= 1);
    assert.equal(
      await inspect('{{json .HostConfig.RestartPolicy}}'),
      '{"Name":"on-failure","MaximumRetryCount":9}',
    );
    await restarting(id);
    await tinyd.ok('update', '--restart', 'no', 'c');
    await eventually('the end', () => stateFile(id).status === 'exited');
    assert.equal(await inspect('{{.State.ExitCode}}'), '4');
  });

  it('ends with the reason when it cannot be started again', async () => {
    const folder = join(tinyd.base, 'bound');
    mkdirSync(folder);
    const id = await script('always', 'sleep 0.3; exit 6', '--mount', `type=bind,src=${folder},dst=/bound`);
    rmSync(folder, { recursive: true });
    await eventually('the end', () => stateFile(id).status === 'exited');
    assert.match(
      await inspect('{{.State.ExitCode}} {{.State.Error}}'),
      /^6 start it again: .*bound: No such file/,
    );
  });

  it('shares the namespaces that another container has by now, once that was started again', async () => {
    await tinyd.ok('run', '-d', '--name', 'owner', '--ipc', 'shareable', ...OFFLINE, 'sleep', '300');
    const shares = ['--network', 'container:owner', '--ipc', 'container:owner'];
    const text = 'readlink /proc/self/ns/net; readlink /proc/self/ns/ipc; ls /dev/shm; sleep 2; exit 1';
    const policy = ['--name', 'c', '--restart', 'always'];
    const id = await tinyd.ok('run', '-d', ...policy, ...shares, 'busybox', 'sh', '-c', text);
    await tinyd.ok('restart', '-t', '0', 'owner');
    const script = 'touch /dev/shm/mark; readlink /proc/self/ns/net; readlink /proc/self/ns/ipc';
    const now = await tinyd.ok('exec', 'owner', 'sh', '-c', script);
    await eventually('the namespaces of now', async () =>
      (await tinyd.ok('logs', 'c')).includes(`${now}\nmark`),
    );
    await tinyd.ok('rm', '-f', 'owner');
    await eventually('the end', () => stateFile(id).status === 'exited');
    assert.match(
      await inspect('{{.State.Error}}'),
      /^start it again: the container whose namespace it shares/,
    );
  });

  it('is refused with --rm, with unknown words, and with a number that means nothing', async () => {
    for (const flags of [
      ['--rm', '--restart', 'always'],
      ['--restart', 'sometimes'],
      ['--restart', 'always:3'],
      ['--restart', 'on-failure:x'],
    ]) {
      const { code, stderr } = await tinyd.run(['run', ...flags, 'busybox', 'true']);
      assert.equal(code, 125, flags.join(' '));
      assert.match(stderr, /ERR_TINYD_OPTION_INVALID/);
    }
    await tinyd.ok('run', '-d', '--rm', '--name', 'c', 'busybox', 'sleep', '100');
    assert.equal((await tinyd.run(['update', '--restart', 'always', 'c'])).code, 1);
  });
});
