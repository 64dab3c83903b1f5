import { strict as assert } from 'node:assert';
import { eventually } from '../support/eventually';
import { CONFIGURED, PLAIN } from './images';
import { useEngine } from './suite';

const waitsFor = (signal: string): string[] => [
  ...[PLAIN, 'sh', '-c', `trap "exit 7" ${signal}; echo ready; while :; do sleep 0.05; done`],
];

describe('the life of a container', () => {
  const engine = useEngine();
  const state = (name: string) => engine.ok('inspect', '-f', '{{.State.Status}} {{.State.ExitCode}}', name);
  const statusOf = async (name: string) => (await state(name)).split(' ')[0];
  const started = async (...args: string[]): Promise<void> => {
    await engine.ok('run', '-d', '--name', 'main', ...args);
    await eventually('it is ready', async () => (await engine.ok('logs', 'main')).includes('ready'));
  };

  it('ends by SIGTERM, or by the signal it was made with', async () => {
    await started(...waitsFor('TERM'));
    assert.equal(await engine.ok('stop', 'main'), 'main');
    assert.equal(await state('main'), 'exited 7');
    await engine.ok('rm', 'main');
    await started('--stop-signal', 'INT', ...waitsFor('INT'));
    await engine.ok('stop', 'main');
    assert.equal(await state('main'), 'exited 7');
    await engine.ok('rm', 'main');
    const [, ...script] = waitsFor('USR1');
    await started('--entrypoint', '', CONFIGURED, ...script);
    await engine.ok('stop', 'main');
    assert.equal(await state('main'), 'exited 7', 'the stop signal of the image');
  });

  it('ends by SIGKILL when it does not listen', async () => {
    await engine.ok('run', '-d', '--name', 'deaf', '--stop-timeout', '1', PLAIN, 'sleep', '100');
    const before = Date.now();
    await engine.ok('stop', 'deaf');
    assert.ok(Date.now() - before > 900);
    assert.equal(await state('deaf'), 'exited 137');
    assert.equal(await engine.ok('stop', 'deaf'), 'deaf', 'stopping twice is fine');
    assert.equal((await engine.run(['kill', 'deaf'])).code, 1);
    await engine.ok('start', 'deaf');
    await engine.ok('stop', '-t', '0', 'deaf');
    assert.equal(await state('deaf'), 'exited 137');
  });

  it('takes signals by name, by SIG name and by number', async () => {
    for (const signal of ['HUP', 'SIGHUP', '1', 'hup']) {
      await started(...waitsFor('HUP'));
      assert.equal(await engine.ok('kill', '-s', signal, 'main'), 'main');
      assert.equal(await engine.ok('wait', 'main'), '7', signal);
      await engine.ok('rm', 'main');
    }
    await engine.ok('run', '-d', '--name', 'main', PLAIN, 'sleep', '100');
    for (const signal of ['NOSUCH', '0', '99'])
      assert.equal((await engine.run(['kill', '-s', signal, 'main'])).code, 1, signal);
    await engine.ok('kill', '-s', 'RTMIN+3', 'main');
    await engine.ok('kill', 'main');
    assert.equal(await engine.ok('wait', 'main'), '137');
  });

  it('begins again with the files it had', async () => {
    assert.equal(
      await engine.ok('run', '--name', 'main', PLAIN, 'sh', '-c', 'echo run >> /log; cat /log'),
      'run',
    );
    assert.equal(await engine.ok('start', 'main'), 'main');
    assert.equal(await engine.ok('wait', 'main'), '0');
    assert.equal(await engine.ok('start', '-a', 'main'), 'run\nrun\nrun');
    assert.equal(await engine.ok('restart', '-t', '0', 'main'), 'main');
    await engine.ok('wait', 'main');
    assert.equal((await engine.ok('logs', 'main')).split('\n').length, 1 + 2 + 3 + 4);
  });

  it('goes on when started twice, and ends before it is removed', async () => {
    await engine.ok('run', '-d', '--name', 'main', PLAIN, 'sleep', '100');
    assert.equal(await engine.ok('start', 'main'), 'main');
    assert.notEqual((await engine.run(['rm', 'main'])).code, 0);
    assert.equal(await engine.ok('rm', '-f', 'main'), 'main');
    assert.equal((await engine.run(['inspect', 'main'])).code, 1);
  });

  it('is started again by its restart policy', async () => {
    await engine.ok(
      'run',
      '-d',
      '--name',
      'main',
      '--restart',
      'on-failure:2',
      PLAIN,
      'sh',
      '-c',
      'echo run; exit 3',
    );
    await eventually('the end', async () => (await statusOf('main')) === 'exited');
    assert.equal(await engine.ok('inspect', '-f', '{{.State.ExitCode}} {{.RestartCount}}', 'main'), '3 2');
    assert.equal(await engine.ok('logs', 'main'), 'run\nrun\nrun');
    await engine.ok('rm', 'main');
    await engine.ok('run', '-d', '--name', 'main', '--restart', 'always', PLAIN, 'sh', '-c', 'exit 4');
    await eventually(
      'four restarts',
      async () => Number(await engine.ok('inspect', '-f', '{{.RestartCount}}', 'main')) >= 4,
    );
    await eventually('a wait', async () => (await statusOf('main')) === 'restarting');
    assert.match(
      await engine.ok('ps', '--format', '{{.State}} {{.Status}}'),
      /^restarting Restarting \(4\) .* ago$/,
    );
    const flags = await engine.ok(
      'inspect',
      '-f',
      '{{.State.Running}} {{.State.Restarting}} {{.State.Pid}}',
      'main',
    );
    assert.equal(flags, 'true true 0');
    assert.notEqual((await engine.run(['rm', 'main'])).code, 0);
    // docker cannot while it is just being started.
    const update = ['update', '--restart', 'unless-stopped', 'main'];
    await eventually('another policy', async () => (await engine.run(update)).code === 0);
    const policy = await engine.ok('inspect', '-f', '{{json .HostConfig.RestartPolicy}}', 'main');
    assert.deepEqual(JSON.parse(policy), { Name: 'unless-stopped', MaximumRetryCount: 0 });
    await engine.ok('stop', 'main');
    assert.equal(await state('main'), 'exited 4');
    for (const flag of ['always:3', 'sometimes', 'on-failure:x'])
      assert.notEqual((await engine.run(['create', '--restart', flag, PLAIN])).code, 0, flag);
    assert.notEqual((await engine.run(['create', '--rm', '--restart', 'always', PLAIN])).code, 0);
  });

  it('is asked whether it is well', async () => {
    const flags = ['--health-interval', '300ms', '--health-retries', '1', '--health-timeout', '5s'];
    const check = ['--health-cmd', 'echo looked; test -e /well'];
    await engine.ok('run', '-d', '--name', 'main', ...flags, ...check, PLAIN, 'sleep', '100');
    const health = (format: string) => engine.ok('inspect', '-f', format, 'main');
    const is = (status: string) =>
      eventually(status, async () => (await health('{{.State.Health.Status}}')) === status);
    await is('unhealthy');
    assert.match(
      await engine.ok('ps', '-f', 'health=unhealthy', '--format', '{{.Status}}'),
      /^Up .* \(unhealthy\)$/,
    );
    await engine.ok('exec', 'main', 'touch', '/well');
    await is('healthy');
    const { FailingStreak, Log } = JSON.parse(await health('{{json .State.Health}}'));
    const last = Log.at(-1);
    assert.deepEqual([FailingStreak, last.ExitCode, last.Output], [0, 0, 'looked\n']);
    assert.deepEqual(Object.keys(last), ['Start', 'End', 'ExitCode', 'Output']);
    assert.deepEqual(JSON.parse(await health('{{json .Config.Healthcheck}}')), {
      Test: ['CMD-SHELL', 'echo looked; test -e /well'],
      Interval: 300_000_000,
      Timeout: 5_000_000_000,
      Retries: 1,
    });
    assert.notEqual((await engine.run(['create', '--no-healthcheck', ...check, PLAIN])).code, 0);
    assert.notEqual((await engine.run(['create', '--health-interval', '1us', ...check, PLAIN])).code, 0);
  });

  it('can be stopped short by pause', async () => {
    await engine.ok('run', '-d', '--name', 'main', PLAIN, 'sleep', '100');
    assert.equal(await engine.ok('pause', 'main'), 'main');
    assert.match(await engine.ok('ps', '--format', '{{.State}} {{.Status}}'), /^paused Up .* \(Paused\)$/);
    assert.equal((await engine.run(['pause', 'main'])).code, 1);
    assert.notEqual((await engine.run(['exec', 'main', 'true'])).code, 0);
    assert.equal(await engine.ok('unpause', 'main'), 'main');
    assert.equal((await engine.run(['unpause', 'main'])).code, 1);
  });

  it('has a name that nobody else has', async () => {
    const id = await engine.ok('create', '--name', 'taken', PLAIN);
    const again = await engine.run(['create', '--name', 'taken', PLAIN]);
    assert.notEqual(again.code, 0);
    assert.match(again.stderr, new RegExp(id.slice(0, 12)), 'the holder is not named');
    for (const name of ['-x', 'a b', '.x', 'a/b', 'ä'])
      assert.notEqual((await engine.run(['create', '--name', name, PLAIN])).code, 0, name);
    const unnamed = await engine.ok('create', '--name', '', PLAIN);
    assert.match(await engine.ok('inspect', '-f', '{{.Name}}', unnamed), /^\/\w+_\w+$/, 'a name is made up');
    await engine.ok('create', '--name', 'other', PLAIN);
    await engine.ok('rename', 'taken', 'free');
    assert.equal((await engine.run(['rename', 'free', 'free'])).code, 1);
    assert.equal((await engine.run(['rename', 'free', 'other'])).code, 1);
    assert.equal(await engine.ok('ps', '-a', '-f', 'name=free', '--format', '{{.Names}}'), 'free');
  });

  it('is found by any part of its ID that is its own', async () => {
    const id = await engine.ok('create', PLAIN, 'true');
    assert.equal(await engine.ok('start', id.slice(0, 12)), id.slice(0, 12));
    assert.equal(await engine.ok('wait', id.slice(0, 20)), '0');
    assert.equal(await engine.ok('rm', id), id);
  });

  it('removes what it can of several, and fails for the others', async () => {
    await engine.ok('create', '--name', 'there', PLAIN);
    const outcome = await engine.run(['rm', 'absent', 'there']);
    assert.equal(outcome.code, 1);
    assert.equal(outcome.stdout, 'there\n');
    assert.match(outcome.stderr, /absent/);
  });

  it('stays created when its command cannot be started', async () => {
    assert.equal((await engine.run(['run', '-d', '--name', 'wrong', PLAIN, 'no-such-program'])).code, 127);
    assert.equal(await statusOf('wrong'), 'created');
    assert.notEqual((await engine.run(['start', 'wrong'])).code, 0);
    await engine.ok('create', '--name', 'folder', PLAIN, '/etc');
    assert.notEqual((await engine.run(['start', 'folder'])).code, 0);
    assert.equal(await statusOf('folder'), 'created');
  });
});
