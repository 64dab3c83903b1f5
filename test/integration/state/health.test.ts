import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeImage, type RegistryServer, serveRegistry } from '@tinyd/registry';
import { busyboxImage, busyboxTar } from '../../support/busybox-registry';
import { Tinyd } from '../../support/tinyd';

const PATIENCE_MS = 10_000;
const FAST = ['--health-interval', '40ms', '--health-retries', '2'];

describe('health checks', function () {
  this.timeout(60_000);
  let registry: RegistryServer;
  let tinyd: Tinyd;

  before(async () => {
    const checked = await makeImage({
      layers: [{ tar: await busyboxTar() }],
      config: {
        Cmd: ['sleep', '300'],
        Env: ['PATH=/bin', 'WHERE=/tmp/well'],
        User: 'app',
        Healthcheck: { Test: ['CMD', 'sh', '-c', 'id -u; test -e $WHERE'], Interval: 40_000_000, Retries: 1 },
      },
    });
    registry = await serveRegistry({
      images: [
        { repository: 'library/busybox', tag: 'latest', content: await busyboxImage() },
        { repository: 'library/checked', tag: 'latest', content: checked },
      ],
    });
  });
  after(() => registry.close());
  beforeEach(async () => {
    tinyd = new Tinyd({ TINYD_REGISTRY_MIRROR: `docker.io=${registry.url}` });
    await tinyd.ok('pull', '-q', 'busybox');
  });
  afterEach(() => tinyd.dispose());

  interface Health {
    readonly Status: string;
    readonly FailingStreak: number;
    readonly Log: readonly { Start: string; End: string; ExitCode: number; Output: string }[];
  }
  const healthOf = async (): Promise<Health> =>
    JSON.parse(await tinyd.ok('inspect', '-f', '{{json .State.Health}}', 'c'));
  const run = (command: string, ...flags: string[]): Promise<string> =>
    tinyd.ok(
      'run',
      '-d',
      '--name',
      'c',
      '--health-cmd',
      command,
      ...FAST,
      ...flags,
      'busybox',
      'sleep',
      '300',
    );
  const psStatus = (...flags: string[]): Promise<string> =>
    tinyd.ok('ps', '-a', ...flags, '--format', '{{.Status}}|{{.HealthStatus}}');

  async function until(check: (health: Health) => boolean): Promise<Health> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const health = await healthOf();
      if (check(health)) return health;
      if (Date.now() > deadline) assert.fail(`waited in vain: ${JSON.stringify(health)}`);
      await sleep(20);
    }
  }
  const is = (status: string) => (health: Health) => health.Status === status;

  it('go from starting to healthy to unhealthy and back, in inspect, ps and its filter', async () => {
    const id = await run('echo looked; test -e /well', '--health-interval', '900ms');
    assert.match(await psStatus(), /^Up .* \(health: starting\)\|starting$/);
    assert.equal(await tinyd.ok('ps', '-q', '--no-trunc', '-f', 'health=starting'), id);
    const failing = await until(is('unhealthy'));
    assert.equal(failing.FailingStreak >= 2, true);
    assert.match(await psStatus(), /^Up .* \(unhealthy\)\|unhealthy$/);
    await tinyd.ok('exec', 'c', 'touch', '/well');
    const well = await until(is('healthy'));
    assert.equal(well.FailingStreak, 0);
    const last = well.Log.at(-1);
    assert.deepEqual([last?.ExitCode, last?.Output], [0, 'looked\n']);
    assert.ok(Date.parse(last?.End ?? '') >= Date.parse(last?.Start ?? ''));
    assert.match(await psStatus('-f', 'health=healthy'), /\(healthy\)/);
    assert.equal(await tinyd.ok('ps', '-q', '-f', 'health=unhealthy'), '');
    await tinyd.ok('stop', '-t', '0', 'c');
    assert.match(await psStatus(), /^Exited \(137\)/);
    assert.equal((await healthOf()).Status, 'unhealthy', 'as docker has it of one that was stopped');
  });

  it('keep the last five results and 4096 bytes of each, whatever the probe prints', async () => {
    await run(`printf '"\\\\\\001\\303\\050'; head -c 100000 /dev/zero | tr '\\0' x; exit 3`);
    const { Log } = await until(({ Log }) => Log.length === 5 && Log.every(each => each.ExitCode === 3));
    for (const { Output } of Log) {
      assert.match(Output, /^"\\\u0001\ufffd\(x+\.\.\.$/);
      assert.equal(Output.length, 4096 + 3);
    }
  });

  it('end a probe that takes too long, with all that it has started', async () => {
    const id = await run(
      'echo begun; sleep 1000 & sleep 1000',
      '--health-timeout',
      '200ms',
      '--health-retries',
      '1',
    );
    const { Log } = await until(is('unhealthy'));
    assert.deepEqual(
      [Log[0]?.ExitCode, Log[0]?.Output],
      [-1, 'Health check exceeded timeout (200ms): begun\n'],
    );
    await tinyd.ok(
      'exec',
      'c',
      'sh',
      '-c',
      'for i in $(seq 200); do pgrep -f "sleep 1000" > /dev/null || exit 0; sleep 0.01; done; exit 1',
    );
    assert.ok(id);
  });

  it('do not count failures within the start period, and look at its own pace', async () => {
    await run(
      'false',
      '--health-interval',
      '30s',
      '--health-start-interval',
      '30ms',
      '--health-start-period',
      '20s',
    );
    const health = await until(({ Log }) => Log.length >= 4);
    assert.deepEqual([health.Status, health.FailingStreak], ['starting', 0]);
  });

  it('come from the image, run as its user with its environment, and can be changed or left out', async () => {
    await tinyd.ok('pull', '-q', 'checked');
    await tinyd.ok('run', '-d', '--name', 'c', 'checked');
    const { Log } = await until(is('unhealthy'));
    assert.deepEqual([Log[0]?.ExitCode, Log[0]?.Output], [1, '1000\n']);
    assert.equal((await tinyd.run(['healthcheck', 'run', 'c'])).code, 1);
    await tinyd.ok('exec', 'c', 'touch', '/tmp/well');
    await until(is('healthy'));
    assert.deepEqual(await tinyd.run(['healthcheck', 'run', 'c']), {
      code: 0,
      signal: null,
      stdout: '1000\n',
      stderr: '',
    });
    await tinyd.ok('rm', '-f', 'c');
    await tinyd.ok('create', '--name', 'c', '--health-interval', '7s', 'checked');
    const changed = JSON.parse(await tinyd.ok('inspect', '-f', '{{json .Config.Healthcheck}}', 'c'));
    assert.deepEqual([changed.Interval, changed.Retries, changed.Test[0]], [7e9, 1, 'CMD']);
    await tinyd.ok('rm', 'c');
    await tinyd.ok('run', '-d', '--name', 'c', '--no-healthcheck', 'checked');
    assert.doesNotMatch(await psStatus(), /health/);
    assert.equal(await tinyd.ok('ps', '--format', '{{.Names}}', '-f', 'health=none'), 'c');
    assert.equal((await tinyd.run(['healthcheck', 'run', 'c'])).code, 125);
  });

  it('have no descriptor of the monitor, and the capabilities of the container', async () => {
    await run(
      'ls /proc/$$/fd; grep -E "^Cap(Inh|Bnd|Amb)|^Seccomp:|^NoNewPrivs" /proc/self/status',
      '--cap-drop',
      'ALL',
    );
    const { Log } = await until(is('healthy'));
    const output = Log.at(-1)?.Output ?? '';
    assert.match(
      output,
      /^0\n1\n2\nCapInh:\t0{16}\nCapBnd:\t0{16}\nCapAmb:\t0{16}\nNoNewPrivs:\t0\nSeccomp:\t2\n$/,
    );
  });

  it('rest while the container is paused', async () => {
    await run('true');
    await until(is('healthy'));
    await tinyd.ok('pause', 'c');
    await sleep(100);
    const before = (await healthOf()).Log.at(-1)?.Start;
    await sleep(300);
    assert.equal((await healthOf()).Log.at(-1)?.Start, before);
    await tinyd.ok('unpause', 'c');
    await until(({ Log, Status }) => Status === 'healthy' && Log.at(-1)?.Start !== before);
  });

  it('report a program that is not there, and leave the container alone', async () => {
    await tinyd.ok('pull', '-q', 'checked');
    await run('true', '--restart', 'no');
    const path = join(
      tinyd.root,
      'containers',
      await tinyd.ok('inspect', '-f', '{{.Id}}', 'c'),
      'health.json',
    );
    await until(is('healthy'));
    assert.equal(JSON.parse(readFileSync(path, 'utf8')).Status, 'healthy');
    await tinyd.ok('exec', 'c', 'rm', '/bin/sh');
    const { Log } = await until(is('unhealthy'));
    assert.equal(Log.at(-1)?.ExitCode, -1);
    assert.match(Log.at(-1)?.Output ?? '', /\/bin\/sh: No such file or directory/);
    assert.equal(await tinyd.ok('inspect', '-f', '{{.State.Status}}', 'c'), 'running');
  });

  it('can kill, stop or start again what is unhealthy', async () => {
    const ended = { kill: '137', stop: '143' };
    const script = ['sh', '-c', 'trap "exit 143" TERM; while :; do sleep 0.02; done'];
    const start = (action: string) =>
      tinyd.ok(
        'run',
        '-d',
        '--name',
        'c',
        '--health-cmd',
        'test $(cat /n 2>/dev/null || echo 0) -gt 0 || { echo 1 > /n; false; }',
        '--health-interval',
        '100ms',
        '--health-retries',
        '1',
        '--health-on-failure',
        action,
        'busybox',
        ...script,
      );
    for (const [action, status] of Object.entries(ended)) {
      await start(action);
      assert.equal(await tinyd.ok('wait', 'c'), status, action);
      await tinyd.ok('rm', 'c');
    }
    await start('restart');
    await until(is('healthy'));
    assert.equal(await tinyd.ok('inspect', '-f', '{{.State.Status}} {{.RestartCount}}', 'c'), 'running 1');
  });
});
