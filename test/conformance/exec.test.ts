import { strict as assert } from 'node:assert';
import { setTimeout as sleep } from 'node:timers/promises';
import { PLAIN } from './images';
import { useEngine } from './suite';

describe('exec', () => {
  const engine = useEngine();
  const exec = (...words: string[]) => engine.ok('exec', ...words);
  beforeEach(async () => {
    await engine.ok(
      'run',
      '-d',
      '--name',
      'host',
      '-e',
      'A=1',
      '-w',
      '/tmp',
      '-u',
      'app',
      PLAIN,
      'sleep',
      '100',
    );
  });

  it('has the environment, folder and user of the container', async () => {
    const lines = (await exec('host', 'env')).split('\n').filter(line => !line.startsWith('HOSTNAME='));
    assert.deepEqual(lines.sort(), ['A=1', 'HOME=/home/app', 'PATH=/bin:/usr/bin']);
    assert.equal(await exec('host', 'pwd'), '/tmp');
    assert.equal(await exec('host', 'id'), 'uid=1000(app) gid=1000(app) groups=1000(app),2000(extra)');
  });

  it('has others with -u, -w and -e', async () => {
    assert.equal(await exec('-u', 'root', 'host', 'sh', '-c', 'id -u; echo $HOME'), '0\n/root');
    assert.equal(
      await exec('-w', '/bin', '-e', 'B=2', '-e', 'A=3', 'host', 'sh', '-c', 'pwd; echo $A$B'),
      '/bin\n32',
    );
  });

  it('ends with the status of its program', async () => {
    const code = async (...words: string[]) => (await engine.run(['exec', 'host', ...words])).code;
    assert.equal(await code('sh', '-c', 'exit 9'), 9);
    assert.equal(await code('sh', '-c', 'kill -9 $$'), 137);
    assert.equal(await code('no-such-program'), 127);
    assert.equal(await code('/etc'), 126);
    assert.equal((await engine.run(['exec', '--no-such-flag', 'host', 'true'])).code, 125);
    assert.notEqual((await engine.run(['exec', '-u', 'nosuch', 'host', 'true'])).code, 0);
    assert.notEqual((await engine.run(['exec', '-w', '/nosuch', 'host', 'true'])).code, 0);
  });

  it('keeps streams apart, and takes input with -i only', async () => {
    const both = await engine.run(['exec', 'host', 'sh', '-c', 'echo o; echo e >&2']);
    assert.deepEqual([both.stdout, both.stderr], ['o\n', 'e\n']);
    assert.equal((await engine.run(['exec', '-i', 'host', 'cat'], 'in')).stdout, 'in');
    assert.equal((await engine.run(['exec', 'host', 'cat'], 'in')).stdout, '');
  });

  it('goes on alone with -d', async () => {
    assert.equal(await exec('-d', 'host', 'sh', '-c', 'sleep 0.2; echo done > /tmp/marker; sleep 5'), '');
    await sleep(800);
    assert.equal(await exec('host', 'cat', '/tmp/marker'), 'done');
  });

  it('has a terminal with -t, and refuses -it without one here', async () => {
    const shown = await exec('-t', 'host', 'sh', '-c', 'tty; echo $TERM');
    assert.deepEqual(shown.split(/\r?\n/), ['/dev/pts/0', 'xterm']);
    assert.equal((await engine.run(['exec', '-it', 'host', 'true'])).code, 1);
    const terminal = engine.terminal(
      ['exec', '-it', 'host', 'sh', '-c', 'sleep 0.5; stty size; exit 9'],
      20,
      66,
    );
    await terminal.shows(/20 66/);
    assert.equal(await terminal.ended, 9);
  });

  it('is confined as the container is, and less with --privileged', async () => {
    const caps = async (...flags: string[]) =>
      (await exec(...flags, 'host', 'grep', '-E', '^(CapEff|CapBnd|Seccomp):', '/proc/self/status')).split(
        /\s+/,
      );
    assert.deepEqual(await caps(), [
      'CapEff:',
      '0'.repeat(16),
      'CapBnd:',
      '00000000a80425fb',
      'Seccomp:',
      '2',
    ]);
    assert.equal((await caps('-u', 'root'))[1], '00000000a80425fb');
    const [, all = ''] = await caps('-u', 'root', '--privileged');
    assert.ok(BigInt(`0x${all}`) > 0xa80425fbn);
  });
});
