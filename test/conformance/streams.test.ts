import { strict as assert } from 'node:assert';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually';
import { PLAIN } from './images';
import { useEngine } from './suite';

const BOTH = 'cat; echo err >&2';

describe('the streams of a container', () => {
  const engine = useEngine();
  const run = (input: string, flags: readonly string[], script: string) =>
    engine.run(['run', '--rm', ...flags, PLAIN, 'sh', '-c', script], input);
  const isAttached = (name: string): Promise<void> =>
    eventually('a client is attached', async () => {
      const ofIt = ['--filter', `container=${name}`, '--filter', 'event=attach'];
      const now = (Date.now() / 1000).toFixed(3);
      return (await engine.ok('events', '--since', '10m', '--until', now, ...ofIt)) !== '';
    });

  it('carry input with -i only, to its end', async () => {
    assert.equal((await run('hello', ['-i'], 'cat; echo end')).stdout, 'helloend\n');
    assert.equal((await run('hello', [], 'cat; echo end')).stdout, 'end\n');
  });

  it('are those that -a names', async () => {
    const some = await run('in', ['-i', '-a', 'stdin', '-a', 'stdout'], BOTH);
    assert.deepEqual([some.stdout, some.stderr], ['in', '']);
    const errors = await run('', ['-a', 'stderr'], 'echo out; echo err >&2');
    assert.deepEqual([errors.stdout, errors.stderr], ['', 'err\n']);
    assert.notEqual((await engine.run(['run', '-d', '-a', 'stdout', PLAIN, 'true'])).code, 0);
  });

  it('are one on a terminal', async () => {
    const { stdout, stderr } = await run('', ['-t'], 'echo out; echo err >&2');
    assert.deepEqual([stdout, stderr], ['out\r\nerr\r\n', '']);
  });

  it('of a detached run are its ID alone', async () => {
    const { code, stdout, stderr } = await engine.run(['run', '-d', '--rm', PLAIN, 'true']);
    assert.equal(code, 0);
    assert.match(stdout, /^[0-9a-f]{64}\n$/);
    assert.equal(stderr, '');
  });

  it('can be attached to later, with the exit status', async () => {
    await engine.ok(
      'run',
      '-d',
      '--name',
      'later',
      PLAIN,
      'sh',
      '-c',
      'until [ -e /go ]; do sleep 0.1; done; echo out; echo err >&2; exit 3',
    );
    const attached = engine.run(['attach', '--no-stdin', 'later']);
    await isAttached('later');
    await engine.ok('exec', 'later', 'touch', '/go');
    const { code, stdout, stderr } = await attached;
    assert.deepEqual([code, stdout, stderr], [3, 'out\n', 'err\n']);
  });

  it('take input by attach and by start -ai', async () => {
    const reads = 'read line; echo "got $line"';
    await engine.ok('run', '-di', '--name', 'reader', PLAIN, 'sh', '-c', reads);
    await engine.run(['attach', 'reader'], 'hello\n');
    assert.equal(await engine.ok('wait', 'reader'), '0');
    assert.equal(await engine.ok('logs', 'reader'), 'got hello');
    await engine.ok('create', '-i', '--name', 'second', PLAIN, 'cat');
    assert.equal((await engine.run(['start', '-ai', 'second'], 'yes\n')).stdout, 'yes\n');
  });

  it('are shown by start -a, with the exit status', async () => {
    await engine.ok('create', '--name', 'told', PLAIN, 'sh', '-c', 'echo out; exit 3');
    const { code, stdout } = await engine.run(['start', '-a', 'told']);
    assert.deepEqual([code, stdout], [3, 'out\n']);
  });

  it('tell an attached client of a kill', async () => {
    await engine.ok('run', '-d', '--name', 'victim', PLAIN, 'sleep', '100');
    const attached = engine.run(['attach', '--no-stdin', 'victim']);
    await isAttached('victim');
    await engine.ok('kill', 'victim');
    assert.equal((await attached).code, 137);
  });

  it('are left by ctrl-p ctrl-q, or the keys that were chosen, with status 0', async () => {
    const first = engine.terminal(['run', '-it', '--name', 'shell', PLAIN, 'sh']);
    await first.shows(/# /);
    first.type('marker=still-here\n');
    await first.shows(/here\r\n.*# /s);
    first.type('\x10');
    first.type('\x11');
    assert.equal(await first.ended, 0);
    const second = engine.terminal(['attach', '--detach-keys', 'ctrl-a,d', 'shell']);
    await sleep(500);
    second.type('echo $marker\n');
    await second.shows(/still-here/);
    second.type('\x01d');
    await second.ended;
    assert.equal(
      await engine.ok('ps', '-q', '--no-trunc'),
      await engine.ok('inspect', '-f', '{{.Id}}', 'shell'),
    );
  });

  it('have the size of the window', async () => {
    const shell = engine.terminal(
      ['run', '--rm', '-it', PLAIN, 'sh', '-c', 'sleep 0.5; stty size; exit 5'],
      31,
      97,
    );
    await shell.shows(/31 97/);
    assert.equal(await shell.ended, 5);
  });
});
