import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { useTinyd } from '../../support/use-tinyd';

const RECORDED =
  /^tinyd: container c: the monitor of the container was killed; recorded its end and gave back what it held$/m;
const BROUGHT_BACK =
  /^tinyd: container c: the monitor of the container was killed; started it again, as its restart policy says$/m;

describe('the first command after a monitor was killed', function () {
  this.timeout(120_000);
  const tinyd = useTinyd();
  afterEach(() => tinyd.run(['rm', '-f', 'c']));

  const state = (id: string): { status: string; monitorPid: number } =>
    JSON.parse(readFileSync(join(tinyd.root, 'containers', id, 'state.json'), 'utf8'));
  const lose = async (...flags: string[]): Promise<string> => {
    const container = ['--name', 'c', '--network', 'none', ...flags, 'busybox', 'sleep', '300'];
    const id = await tinyd.ok('run', '-d', ...container);
    const { monitorPid } = state(id);
    process.kill(monitorPid, 'SIGKILL');
    const isThere = () => {
      try {
        return !/^State:\s*Z/m.test(readFileSync(`/proc/${monitorPid}/status`, 'utf8'));
      } catch {
        return false;
      }
    };
    while (isThere()) await sleep(5);
    return id;
  };

  for (const [line, code, after] of [
    ['start c', 0, 'running'],
    ['restart -t 0 c', 0, 'running'],
    ['stop c', 0, 'exited'],
    ['kill c', 1, 'exited'],
    ['exec c true', 125, 'exited'],
    ['attach c', 1, 'exited'],
    ['pause c', 1, 'exited'],
    ['top c', 1, 'exited'],
    ['wait c', 0, 'exited'],
    ['logs c', 0, 'exited'],
    ['inspect c', 0, 'exited'],
    ['update -m 64m c', 0, 'exited'],
    ['cp c:/etc/passwd -', 0, 'exited'],
    ['stats --no-stream c', 0, 'exited'],
    ['ps -a', 0, 'exited'],
    ['stats --no-stream', 0, 'exited'],
    ['network ls', 0, 'exited'],
    ['network inspect bridge', 0, 'exited'],
    ['network prune -f', 0, 'exited'],
    ['volume ls', 0, 'exited'],
    ['info', 0, 'exited'],
    ['system df', 0, 'exited'],
    ['container prune -f', 0, undefined],
    ['rm c', 0, undefined],
    ['rm -f c', 0, undefined],
  ] as const) {
    it(`says so and records its end: ${line}`, async () => {
      const id = await lose();
      const outcome = await tinyd.run(line.split(' '));
      assert.equal(outcome.code, code, outcome.stderr);
      assert.match(outcome.stderr, RECORDED);
      if (after === undefined) assert.deepEqual(tinyd.containerFolders(), []);
      else assert.equal(state(id).status, after);
    });
  }

  it('brings it back where its restart policy says so, and does what it was asked for', async () => {
    const id = await lose('--restart', 'always');
    const { code, stdout, stderr } = await tinyd.run(['exec', 'c', 'echo', 'works']);
    assert.deepEqual([code, stdout], [0, 'works\n'], stderr);
    assert.match(stderr, BROUGHT_BACK);
    assert.equal(state(id).status, 'running');
  });

  it('does not prune what its restart policy brings back', async () => {
    const id = await lose('--restart', 'always');
    const { code, stdout, stderr } = await tinyd.run(['container', 'prune', '-f']);
    assert.deepEqual([code, stdout], [0, 'Total reclaimed space: 0B\n'], stderr);
    assert.match(stderr, BROUGHT_BACK);
    assert.equal(state(id).status, 'running');
  });

  for (const verb of ['stop', 'kill']) {
    it(`ends it for good when that is ${verb}, whatever its restart policy says`, async () => {
      const id = await lose('--restart', 'always');
      assert.match((await tinyd.run([verb, 'c'])).stderr, RECORDED);
      assert.equal((await tinyd.run(['ps', '-a'])).stderr, '');
      assert.equal(state(id).status, 'exited');
      await tinyd.ok('start', 'c');
      assert.equal(state(id).status, 'running');
    });
  }

  it('changes nothing when that is explain', async () => {
    const id = await lose('--restart', 'always');
    assert.match(await tinyd.ok('explain', 'c'), /the monitor of the container was killed/);
    assert.equal(state(id).status, 'running', 'what the file says is put right by others');
  });
});
