import { strict as assert } from 'node:assert';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tarHeader } from '../../support/tar-bytes';
import { outcomeOf } from '../../support/tinyd';
import { useTinyd } from '../../support/use-tinyd';

const STATES = ['created', 'running', 'paused', 'exited', 'restarting'] as const;
type State = (typeof STATES)[number];

/** What a verb comes to: it works, works and leaves another state, or is refused with the way out. */
type Cell = 'works' | { readonly leaves: State | 'removed' } | RegExp;

const START_FIRST = /it is created, but not started .*start it first: tinyd start c$/;
const START_AGAIN = /it is not running .*start it again: tinyd start c$/;
const UNPAUSE = /it is paused .*let it run on first: tinyd unpause c$/;
const WAIT = /it is restarting .*wait until it runs, or stop it: tinyd stop c$/;
const FORCE =
  /it is (running|paused|restarting) .*stop it first: tinyd stop c, or remove it as it is: tinyd rm --force c$/;
const IS_RUNNING = /it is running .*tinyd pause c freezes it$/;

const leaves = (state: State | 'removed'): Cell => ({ leaves: state });
const ALL_WORK: readonly Cell[] = ['works', 'works', 'works', 'works', 'works'];
const WITH_PROCESS: readonly Cell[] = [START_FIRST, 'works', UNPAUSE, START_AGAIN, WAIT];

/** Verbs, and a cell for each of {@link STATES}. `c` is the container. */
const MATRIX: readonly (readonly [words: string, cells: readonly Cell[]])[] = [
  ['inspect c', ALL_WORK],
  ['explain c', ALL_WORK],
  ['logs c', ALL_WORK],
  ['port c', ALL_WORK],
  ['diff c', ALL_WORK],
  ['stats --no-stream c', ALL_WORK],
  ['update -m 64m c', ALL_WORK],
  ['cp FILE c:/copied', ALL_WORK],
  ['cp c:/etc/passwd -', ALL_WORK],
  ['export -o NULL c', ALL_WORK],
  ['commit c', ALL_WORK],
  ['exec c true', WITH_PROCESS],
  ['rename c d', ALL_WORK],
  ['rename d c', ALL_WORK],
  ['ps -a -f name=c', ALL_WORK],
  ['run --rm --network none --volumes-from c busybox true', ALL_WORK],
  ['top c', [START_FIRST, 'works', 'works', START_AGAIN, WAIT]],
  ['attach c', [START_FIRST, 'works', UNPAUSE, START_AGAIN, WAIT]],
  ['kill -s HUP c', [START_FIRST, 'works', 'works', START_AGAIN, WAIT]],
  ['kill c', [START_FIRST, leaves('exited'), leaves('exited'), START_AGAIN, leaves('exited')]],
  ['pause c', [START_FIRST, leaves('paused'), UNPAUSE, START_AGAIN, WAIT]],
  ['unpause c', [START_FIRST, IS_RUNNING, leaves('running'), START_AGAIN, WAIT]],
  ['start c', [leaves('running'), 'works', UNPAUSE, leaves('running'), 'works']],
  ['update --restart no c', ['works', 'works', 'works', 'works', leaves('exited')]],
  ['stop -t 0 c', ['works', leaves('exited'), leaves('exited'), 'works', leaves('exited')]],
  ['rm c', [leaves('removed'), FORCE, FORCE, leaves('removed'), FORCE]],
  ['rm -f c', Array<Cell>(STATES.length).fill(leaves('removed'))],
  ['cp FILE c:/go', ALL_WORK],
  ['restart -t 0 c', [leaves('running'), 'works', leaves('running'), leaves('running'), leaves('running')]],
];

describe('verbs in every state', function () {
  this.timeout(300_000);
  const tinyd = useTinyd();
  before(async () => {
    writeFileSync(join(tinyd.base, 'FILE'), 'x');
  });
  afterEach(async () => {
    release();
    await tinyd.run(['rm', '-f', 'c', 'd']);
  });

  let id: string;
  let held: number | undefined;
  /** Keeps a container between two runs for as long as a test looks at it. */
  const hold = (): void => {
    const text = readFileSync(join(tinyd.root, 'containers', id, 'state.json'), 'utf8');
    held = (JSON.parse(text) as { monitorPid: number }).monitorPid;
    process.kill(held, 'SIGSTOP');
  };
  const release = (): void => {
    if (held !== undefined) process.kill(held, 'SIGCONT');
    held = undefined;
  };
  const stateNow = async (): Promise<string> => {
    const { code, stdout } = await tinyd.run(['inspect', '-f', '{{.State.Status}}', id]);
    return code === 0 ? stdout.trim() : 'removed';
  };
  const makeRestarting = async (): Promise<void> => {
    const script = '[ -e /go ] && exec sleep 300; exit 3';
    const container = [
      '--name',
      'c',
      '--network',
      'none',
      '--restart',
      'always',
      'busybox',
      'sh',
      '-c',
      script,
    ];
    id = await tinyd.ok('run', '-d', ...container);
    const shown = '{{.RestartCount}} {{.State.Status}}';
    // From here on it waits for 1.6 s, and twice as long each time.
    while (!/^([5-9]|\d\d+) restarting$/.test(await tinyd.ok('inspect', '-f', shown, 'c'))) await sleep(20);
    hold();
    if ((await stateNow()) === 'restarting') return;
    release();
    await make('restarting');
  };
  const make = async (state: State): Promise<void> => {
    await tinyd.run(['rm', '-f', 'c']);
    if (state === 'restarting') return makeRestarting();
    const container = ['--name', 'c', '--network', 'none', 'busybox', 'sleep', '300'];
    id = await tinyd.ok(...(state === 'created' ? ['create', ...container] : ['run', '-d', ...container]));
    if (state === 'paused') await tinyd.ok('pause', 'c');
    if (state === 'exited') {
      await tinyd.ok('kill', 'c');
      await tinyd.ok('wait', 'c');
    }
  };

  STATES.forEach((state, column) => {
    it(`${state}: work, or say so and name the verb that helps`, async () => {
      await make(state);
      assert.equal(await stateNow(), state);
      for (const [line, cells] of MATRIX) {
        const cell = cells[column];
        // A client that stays is tested where it is attached.
        if (cell === undefined || (line.startsWith('attach') && cell === 'works')) continue;
        const words = line.replace('NULL', '/dev/null').split(' ');
        const after = typeof cell === 'object' && 'leaves' in cell ? cell.leaves : state;
        if (after !== state) release();
        const { code, stdout, stderr } = await tinyd.run(words);
        if (cell instanceof RegExp) {
          assert.notEqual(code, 0, `${line}: ${stdout}`);
          assert.match(stderr.trim(), cell, line);
          assert.match(stderr, /ERR_TINYD_CONTAINER_STATE/, line);
        } else assert.equal(code, 0, `${line}: ${stderr}`);
        if (after === 'exited') await tinyd.ok('wait', id);
        assert.equal(await stateNow(), after, line);
        if (after !== state) await make(state);
      }
    });
  });

  it('name the states of the others that a container needs', async () => {
    await make('exited');
    for (const [flag, what] of [
      ['--network', 'network'],
      ['--pid', 'processes'],
    ] as const) {
      const { code, stderr } = await tinyd.run(['run', '--rm', flag, 'container:c', 'busybox', 'true']);
      assert.equal(code, 125);
      assert.match(stderr, new RegExp(`join the ${what} of container c: it is not running .*tinyd start c`));
    }
  });

  it('have the files of a container that waits to be started again to themselves', async () => {
    await makeRestarting();
    const archive = tinyd.spawn(['cp', '-', 'c:/'], { stdio: ['pipe', 'ignore', 'inherit'] });
    const copied = outcomeOf(archive);
    const lock = statSync(join(tinyd.root, 'containers', id, 'lock')).ino;
    while (!new RegExp(`FLOCK .*:${lock} `).test(readFileSync('/proc/locks', 'utf8'))) await sleep(10);
    release();
    // Its wait is over long before that.
    await sleep(4000);
    assert.equal(await stateNow(), 'restarting');
    archive.stdin?.end(Buffer.concat([tarHeader({ name: 'go' }), Buffer.alloc(1024)]));
    assert.equal((await copied).code, 0);
    while ((await stateNow()) !== 'running') await sleep(20);
    assert.match(await tinyd.ok('top', 'c'), /sleep 300/);
  });

  it('list what an ambiguous prefix fits', async () => {
    const made = new Map<string, string[]>();
    let pair: readonly string[] | undefined;
    while (pair === undefined) {
      const id = await tinyd.ok('create', '--network', 'none', 'busybox');
      const [first = ''] = id;
      made.set(first, [...(made.get(first) ?? []), id]);
      pair = [...made.values()].find(ids => ids.length > 1);
    }
    const [one = '', other = ''] = pair;
    const { code, stderr } = await tinyd.run(['rm', one.slice(0, 1)]);
    assert.equal(code, 125);
    assert.match(stderr, /2 IDs begin with it .*AMBIGUOUS/);
    for (const id of [one, other]) assert.ok(stderr.includes(id.slice(0, 12)), stderr);
    await tinyd.ok('rm', ...[...made.values()].flat());
    assert.deepEqual(readdirSync(join(tinyd.root, 'containers')), []);
  });
});
