import { strict as assert } from 'node:assert';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BusyboxRegistry, startBusyboxRegistry } from '../../support/busybox-registry';
import { Tinyd } from '../../support/tinyd';

const STATES = ['created', 'running', 'paused', 'exited'] as const;
type State = (typeof STATES)[number];

/** What a verb comes to: it works, works and leaves another state, or is refused with the way out. */
type Cell = 'works' | { readonly leaves: State | 'removed' } | RegExp;

const START_FIRST = /it is created, but not started .*start it first: tinyd start c$/;
const START_AGAIN = /it is not running .*start it again: tinyd start c$/;
const UNPAUSE = /it is paused .*let it run on first: tinyd unpause c$/;
const FORCE =
  /it is (running|paused) .*stop it first: tinyd stop c, or remove it as it is: tinyd rm --force c$/;
const IS_RUNNING = /it is running .*tinyd pause c freezes it$/;

const leaves = (state: State | 'removed'): Cell => ({ leaves: state });
const ALL_WORK: readonly Cell[] = ['works', 'works', 'works', 'works'];
const WITH_PROCESS: readonly Cell[] = [START_FIRST, 'works', UNPAUSE, START_AGAIN];

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
  ['top c', [START_FIRST, 'works', 'works', START_AGAIN]],
  ['attach c', [START_FIRST, 'works', UNPAUSE, START_AGAIN]],
  ['kill c', [START_FIRST, leaves('exited'), leaves('exited'), START_AGAIN]],
  ['pause c', [START_FIRST, leaves('paused'), UNPAUSE, START_AGAIN]],
  ['unpause c', [START_FIRST, IS_RUNNING, leaves('running'), START_AGAIN]],
  ['start c', [leaves('running'), 'works', UNPAUSE, leaves('running')]],
  ['stop -t 0 c', ['works', leaves('exited'), leaves('exited'), 'works']],
  ['restart -t 0 c', [leaves('running'), 'works', leaves('running'), leaves('running')]],
  ['rm c', [leaves('removed'), FORCE, FORCE, leaves('removed')]],
  ['rm -f c', [leaves('removed'), leaves('removed'), leaves('removed'), leaves('removed')]],
];

describe('verbs in every state', function () {
  this.timeout(120_000);
  let registry: BusyboxRegistry;
  let tinyd: Tinyd;

  before(async () => {
    registry = await startBusyboxRegistry();
    tinyd = new Tinyd({ TINYD_REGISTRY_MIRROR: `docker.io=${registry.url}` });
    await tinyd.ok('pull', '-q', 'busybox');
    writeFileSync(join(tinyd.base, 'FILE'), 'x');
  });
  after(async () => {
    await tinyd.dispose();
    await registry.close();
  });
  afterEach(() => tinyd.run(['rm', '-f', 'c']));

  const make = async (state: State): Promise<void> => {
    await tinyd.run(['rm', '-f', 'c']);
    const container = ['--name', 'c', '--network', 'none', 'busybox', 'sleep', '300'];
    await tinyd.ok(...(state === 'created' ? ['create', ...container] : ['run', '-d', ...container]));
    if (state === 'paused') await tinyd.ok('pause', 'c');
    if (state === 'exited') {
      await tinyd.ok('kill', 'c');
      await tinyd.ok('wait', 'c');
    }
  };
  const stateNow = async (): Promise<string> => {
    const { code, stdout } = await tinyd.run(['inspect', '-f', '{{.State.Status}}', 'c']);
    return code === 0 ? stdout.trim() : 'removed';
  };

  STATES.forEach((state, column) => {
    it(`${state}: work, or say so and name the verb that helps`, async () => {
      await make(state);
      for (const [line, cells] of MATRIX) {
        const cell = cells[column];
        // A client that stays is tested where it is attached.
        if (cell === undefined || (line.startsWith('attach') && cell === 'works')) continue;
        const words = line.replace('NULL', '/dev/null').split(' ');
        const { code, stdout, stderr } = await tinyd.run(words);
        if (cell instanceof RegExp) {
          assert.notEqual(code, 0, `${line}: ${stdout}`);
          assert.match(stderr.trim(), cell, line);
          assert.match(stderr, /ERR_TINYD_CONTAINER_STATE/, line);
        } else assert.equal(code, 0, `${line}: ${stderr}`);
        const after = typeof cell === 'object' && 'leaves' in cell ? cell.leaves : state;
        if (after === 'exited') await tinyd.ok('wait', 'c');
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
