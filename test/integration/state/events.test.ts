import { strict as assert } from 'node:assert';
import { appendFileSync, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../support/eventually';
import { outcomeOf } from '../../support/tinyd';
import { useFreshTinyd } from '../../support/use-tinyd';

const MIB = 1024 * 1024;

describe('events', function () {
  this.timeout(60_000);
  const tinyd = useFreshTinyd();

  interface Event {
    readonly Type: string;
    readonly Action: string;
    readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
    readonly timeNano: number;
  }
  async function past(...flags: string[]): Promise<Event[]> {
    const lines = await tinyd.ok('events', '--since', '10m', '--until', '0s', '--format', 'json', ...flags);
    return lines
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line));
  }
  const words = async (...flags: string[]): Promise<string[]> =>
    (await past(...flags)).map(({ Type, Action }) => `${Type} ${Action}`);

  it('tell the life of a container that is removed by itself, with its image, name and labels', async () => {
    const { code } = await tinyd.run([
      'run',
      '--rm',
      '--name',
      'c',
      '--label',
      'color="blue"',
      'busybox',
      'sh',
      '-c',
      'exit 3',
    ]);
    assert.equal(code, 3);
    await eventually('its removal', async () => (await words()).includes('container destroy'));
    const events = await past('--filter', 'container=c');
    assert.deepEqual(
      events.map(each => each.Action),
      ['create', 'attach', 'start', 'die', 'destroy'],
    );
    for (const { Actor } of events) {
      assert.match(Actor.ID, /^[0-9a-f]{64}$/);
      assert.deepEqual(
        [Actor.Attributes.image, Actor.Attributes.name, Actor.Attributes.color],
        ['busybox', 'c', '"blue"'],
      );
    }
    const die = events.find(each => each.Action === 'die');
    assert.deepEqual([die?.Actor.Attributes.exitCode, die?.Actor.Attributes.execDuration], ['3', '0']);
    const times = events.map(each => each.timeNano);
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
  });

  it('come from every verb, in their order', async () => {
    const script = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 0.02; done'];
    await tinyd.ok('create', '--name', 'c', 'busybox', ...script);
    for (const args of [
      ['start', 'c'],
      ['exec', 'c', 'true'],
      ['pause', 'c'],
      ['unpause', 'c'],
      ['kill', '-s', 'USR2', 'c'],
      ['rename', 'c', 'd'],
      ['update', '--restart', 'always', 'd'],
    ])
      await tinyd.run(args);
    await tinyd.ok('start', 'd');
    await tinyd.ok('rename', 'd', 'e');
    await tinyd.ok('stop', 'e');
    await tinyd.ok('rm', 'e');
    await tinyd.ok('volume', 'create', 'data');
    await tinyd.ok('volume', 'rm', 'data');
    await tinyd.ok('tag', 'busybox', 'other');
    await tinyd.ok('rmi', 'other');
    const seen = await words();
    const expected = [
      'image pull',
      'container create',
      'container start',
      'container exec_create: true',
      'container exec_start: true',
      'container exec_die',
      'container pause',
      'container unpause',
      'container kill',
      'container rename',
      'container update',
      'container kill',
      'container die',
      'container stop',
      'container destroy',
      'volume create',
      'volume destroy',
      'image tag',
      'image untag',
    ];
    let at = 0;
    for (const word of seen) if (word === expected[at]) at++;
    assert.equal(expected[at], undefined, `not seen in this order: ${seen.join(', ')}`);
    const die = (await past('--filter', 'event=die')).at(-1);
    assert.equal(die?.Actor.Attributes.name, 'e', 'the monitor knows the new name');
    assert.deepEqual(await words('--filter', 'event=exec_create'), ['container exec_create: true']);
    assert.deepEqual(await words('--filter', 'type=volume'), ['volume create', 'volume destroy']);
    assert.deepEqual(await words('--filter', 'volume=data', '--filter', 'event=destroy'), ['volume destroy']);
    assert.ok((await words('--filter', 'image=busybox')).includes('container create'));
  });

  it('tell of restarts and of health', async () => {
    // It ends when it has been found well.
    const health = ['--health-cmd', 'touch /well', '--health-interval', '50ms'];
    const script = 'rm -f /well; until [ -e /well ]; do sleep 0.02; done; sleep 0.3; exit 1';
    const run = ['run', '-d', '--name', 'c', '--restart', 'on-failure:1', ...health];
    await tinyd.ok(...run, 'busybox', 'sh', '-c', script);
    await eventually(
      'the end',
      async () => (await tinyd.ok('inspect', '-f', '{{.State.Status}}', 'c')) === 'exited',
    );
    assert.deepEqual(
      await words('--filter', 'container=c'),
      ['create', 'start', 'health_status: healthy', 'die', 'start', 'health_status: healthy', 'die'].map(
        word => `container ${word}`,
      ),
    );
    assert.deepEqual(
      await words('--filter', 'event=health_status'),
      Array(2).fill('container health_status: healthy'),
    );
  });

  it('are followed, and printed as docker prints them', async () => {
    const follower = tinyd.spawn(['events', '--filter', 'type=container'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const outcome = outcomeOf(follower);
    await sleep(500);
    const id = await tinyd.ok('run', '-d', '--name', 'c', 'busybox', 'true');
    await tinyd.ok('wait', 'c');
    await sleep(300);
    follower.kill();
    const lines = (await outcome).stdout.trim().split('\n');
    assert.deepEqual(
      lines.map(line => line.split(' ').slice(1, 3).join(' ')),
      ['container create', 'container start', 'container die'],
    );
    assert.match(
      lines[2] ?? '',
      new RegExp(
        `^\\d{4}-\\d\\d-\\d\\dT[\\d:]{8}\\.\\d{9}(Z|[+-][\\d:]{5}) container die ${id} \\(execDuration=0, exitCode=0, image=busybox, name=c\\)$`,
      ),
    );
    const [one] = (
      await tinyd.ok(
        'events',
        '--since',
        '10m',
        '--until',
        '0s',
        '-f',
        'event=die',
        '--format',
        '{{.Type}} {{.Actor.Attributes.exitCode}} {{.ID}}',
      )
    ).split('\n');
    assert.equal(one, `container 0 ${id}`);
  });

  it('go on over a rotation of the journal, of which two files are kept', async () => {
    const journal = join(tinyd.state, 'events', 'journal');
    const follower = tinyd.spawn(['events', '--filter', 'event=tag'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const outcome = outcomeOf(follower);
    await sleep(500);
    await tinyd.ok('tag', 'busybox', 'first');
    appendFileSync(journal, `${' '.repeat(MIB)}\n`);
    await tinyd.ok('tag', 'busybox', 'second');
    assert.ok(existsSync(`${journal}.1`));
    assert.ok(!existsSync(journal) || statSync(journal).size < MIB);
    await tinyd.ok('tag', 'busybox', 'third');
    appendFileSync(journal, `${' '.repeat(MIB)}\n`);
    // By a monitor this time.
    await tinyd.ok('run', '--rm', 'busybox', 'true');
    await eventually('a new journal', () => !existsSync(journal) || statSync(journal).size < MIB);
    await sleep(300);
    follower.kill();
    assert.equal((await outcome).stdout.match(/image tag/g)?.length, 3);
    assert.match(readFileSync(`${journal}.1`, 'utf8'), /third/);
  });

  it('refuse filters that there are not', async () => {
    const { code, stderr } = await tinyd.run(['events', '--until', '0s', '--filter', 'colour=blue']);
    assert.equal(code, 1);
    assert.match(stderr, /there is no filter "colour"/);
  });
});
