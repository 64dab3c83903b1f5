import { strict as assert } from 'node:assert';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually';
import { PLAIN } from './images';
import { useEngine } from './suite';

describe('events', () => {
  const engine = useEngine();
  let since = '';
  beforeEach(() => {
    since = (Date.now() / 1000).toFixed(3);
  });

  const past = async (...flags: string[]): Promise<string[]> => {
    const out = await engine.ok(
      'events',
      '--since',
      since,
      '--until',
      (Date.now() / 1000).toFixed(3),
      ...flags,
    );
    return out.split('\n').filter(Boolean);
  };
  const actions = (...flags: string[]): Promise<string[]> =>
    past('--format', '{{.Type}} {{.Action}}', ...flags);
  const ofMain = ['--filter', 'container=main', '--filter', 'type=container'];

  async function documents(...flags: string[]): Promise<Record<string, unknown>[]> {
    return (await past('--format', 'json', ...flags)).map(line => JSON.parse(line));
  }

  const until = (action: string): Promise<void> =>
    eventually(action, async () => (await actions()).includes(`container ${action}`));

  it('tell the life of a container, with docker’s keys', async () => {
    assert.equal(
      (await engine.run(['run', '--rm', '--name', 'main', '--label', 'a=b', PLAIN, 'sh', '-c', 'exit 3']))
        .code,
      3,
    );
    await until('destroy');
    const all = await documents(...ofMain);
    assert.deepEqual(
      all.map(({ Action }) => Action),
      ['create', 'attach', 'start', 'die', 'destroy'],
    );
    const die = all[3] ?? assert.fail();
    assert.deepEqual(Object.keys(die).sort(), [
      'Action',
      'Actor',
      'Type',
      'from',
      'id',
      'scope',
      'status',
      'time',
      'timeNano',
    ]);
    assert.deepEqual([die.status, die.from, die.scope, die.Type], ['die', PLAIN, 'local', 'container']);
    const { ID, Attributes } = die.Actor as { ID: string; Attributes: Record<string, string> };
    assert.equal(ID, die.id);
    const { execDuration = '', ...others } = Attributes;
    assert.match(execDuration, /^\d$/, 'seconds');
    assert.deepEqual(others, { a: 'b', exitCode: '3', image: PLAIN, name: 'main' });
  });

  it('come from stop, kill, exec, pause and rename', async () => {
    const script = 'trap "exit 7" TERM; echo ready; while :; do sleep 0.05; done';
    const id = await engine.ok('run', '-d', '--name', 'main', PLAIN, 'sh', '-c', script);
    await eventually('it is ready', async () => (await engine.ok('logs', 'main')).includes('ready'));
    await engine.ok('exec', 'main', 'sh', '-c', 'exit 0');
    await engine.ok('pause', 'main');
    await engine.ok('unpause', 'main');
    await engine.ok('kill', '-s', 'CONT', 'main');
    await engine.ok('rename', 'main', 'other');
    await engine.ok('stop', 'other');
    await engine.ok('rm', 'other');
    const own = ['--filter', `container=${id}`, '--filter', 'type=container'];
    await until('destroy');
    const seen = (await actions(...own)).map(each => each.slice('container '.length));
    assert.ok(seen.includes('stop'), 'docker tells it before or after the end');
    assert.deepEqual(
      seen.filter(each => each !== 'stop'),
      [
        ...['create', 'start', 'exec_create: sh -c exit 0', 'exec_start: sh -c exit 0', 'exec_die'],
        ...['pause', 'unpause', 'kill', 'rename', 'kill', 'die', 'destroy'],
      ],
    );
    const attribute = async (event: string, name: string): Promise<string[]> =>
      past(...own, '--filter', `event=${event}`, '--format', `{{index .Actor.Attributes "${name}"}}`);
    assert.deepEqual(await attribute('kill', 'signal'), ['18', '15']);
    assert.deepEqual(await attribute('rename', 'oldName'), ['/main']);
    assert.deepEqual(await attribute('die', 'name'), ['other']);
    assert.deepEqual(await attribute('exec_die', 'exitCode'), ['0']);
    assert.equal((await attribute('exec_create', 'execID'))[0]?.length, 64);
  });

  it('are printed as lines with sorted attributes', async () => {
    const id = await engine.ok('create', '--name', 'main', '--label', 'zz=1', PLAIN, 'true');
    const [line = ''] = await past(...ofMain);
    const pattern = `^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9}(Z|[+-]\\d\\d:\\d\\d) container create ${id} \\(image=${PLAIN}, name=main, zz=1\\)$`;
    assert.match(line, new RegExp(pattern));
    // docker takes a time that is given by its distance for a whole second.
    await sleep(1100);
    const known = await engine.ok('events', '--until', '0s', '--format', '{{.Action}}', ...ofMain);
    assert.equal(known.split('\n').at(-1), 'create', 'with --until alone all that is known is shown');
    assert.deepEqual(await actions('--filter', 'label=zz'), ['container create']);
    assert.deepEqual(await actions('--filter', 'label=zz=2'), []);
    assert.deepEqual(await actions('--filter', 'event=start', ...ofMain), []);
  });

  it('are shown by a template that asks for what only some of them have', async () => {
    await engine.ok('volume', 'create', 'main');
    await engine.ok('volume', 'rm', 'main');
    await engine.ok('create', '--name', 'main', PLAIN);
    const format = ['--format', '{{.Type}} {{.Actor.Attributes.name}}', '--filter', 'scope=local'];
    assert.deepEqual(await past(...format, '--filter', 'type=volume', '--filter', 'type=container'), [
      'volume <no value>',
      'volume <no value>',
      'container main',
    ]);
    assert.deepEqual(await past('--filter', 'scope=swarm'), []);
  });

  it('tell of volumes, restarts and health', async () => {
    await engine.ok('volume', 'create', 'events-test');
    await engine.ok('volume', 'rm', 'events-test');
    assert.deepEqual(await actions('--filter', 'volume=events-test', '--filter', 'type=volume'), [
      'volume create',
      'volume destroy',
    ]);
    // It ends when it has been found well.
    const health = ['--health-cmd', 'touch /well', '--health-interval', '100ms'];
    const script = 'rm -f /well; until [ -e /well ]; do sleep 0.05; done; sleep 1; exit 1';
    await engine.ok(
      'run',
      '-d',
      '--name',
      'main',
      '--restart',
      'on-failure:1',
      ...health,
      PLAIN,
      'sh',
      '-c',
      script,
    );
    const status = () => engine.ok('inspect', '-f', '{{.State.Status}}', 'main');
    await eventually('the end', async () => (await status()) === 'exited');
    const seen = (await actions(...ofMain)).filter(each => !/exec_|resize/.test(each));
    assert.deepEqual(
      seen,
      ['create', 'start', 'health_status: healthy', 'die', 'start', 'health_status: healthy', 'die'].map(
        each => `container ${each}`,
      ),
    );
    assert.equal((await actions('--filter', 'event=health_status', ...ofMain)).length, 2);
  });
});
