import { strict as assert } from 'node:assert';
import { PLAIN } from './images';
import { useEngine } from './suite';

const RUN: Readonly<Record<string, readonly [number, ...string[]]>> = {
  "the program's own": [42, PLAIN, 'sh', '-c', 'exit 42'],
  '128 + N after signal N': [143, '--init', PLAIN, 'sh', '-c', 'kill -TERM $$'],
  '127 for a command that is not in PATH': [127, PLAIN, 'no-such-program'],
  '127 for a path that is not there': [127, PLAIN, '/bin/absent'],
  '126 for a folder': [126, PLAIN, '/etc'],
  '126 for a file that is not executable': [126, PLAIN, '/etc/passwd'],
  '125 for an unknown flag': [125, '--no-such-flag', PLAIN],
  '125 for an unknown user': [125, '-u', 'nobody-here', PLAIN, 'true'],
  '125 for an unknown group': [125, '-u', 'app:no-such-group', PLAIN, 'true'],
  '125 for a user ID out of range': [125, '-u', '99999999999', PLAIN, 'true'],
  '125 for too little memory': [125, '-m', '4m', PLAIN, 'true'],
  '125 for swap without memory': [125, '--memory-swap', '64m', PLAIN, 'true'],
  '125 for swap below memory': [125, '-m', '64m', '--memory-swap', '32m', PLAIN, 'true'],
  '125 for more CPUs than there are': [125, '--cpus', '999', PLAIN, 'true'],
  '125 for a CPU that is not there': [125, '--cpuset-cpus', '99', PLAIN, 'true'],
  '125 for two CPU quotas': [125, '--cpus', '0.5', '--cpu-quota', '1000', PLAIN, 'true'],
  '125 for an image that is nowhere': [125, '--pull', 'never', 'absent:tag', 'true'],
  '125 for a port out of range': [125, '-p', '99999:80', PLAIN, 'true'],
  '125 for an unknown capability': [125, '--cap-add', 'nosuch', PLAIN, 'true'],
  '125 for a sysctl of the host': [125, '--sysctl', 'kernel.panic=1', PLAIN, 'true'],
  '125 for a relative working directory': [125, '-w', 'relative', PLAIN, 'true'],
  '125 for a bind source that --mount misses': [
    ...[125, '--mount', 'type=bind,source=/no/such,target=/x', PLAIN, 'true'],
  ] as [number, ...string[]],
  '125 for an unknown mount option': [125, '-v', '/tmp:/v:bogus', PLAIN, 'true'],
  '125 for a relative mount target': [125, '-v', '/tmp:relative', PLAIN, 'true'],
  '125 for a mount over the root': [125, '-v', '/tmp:/', PLAIN, 'true'],
  '125 for two mounts on one target': [125, '-v', '/tmp:/v', '-v', '/etc:/v', PLAIN, 'true'],
  '125 for an unknown stream': [125, '-a', 'bogus', PLAIN, 'true'],
  '125 for an unknown stop signal': [125, '--stop-signal', 'NOSUCH', PLAIN, 'true'],
  '1 for -it without a terminal': [1, '-it', PLAIN, 'true'],
};

describe('exit codes', () => {
  const engine = useEngine();

  for (const [title, [code, ...args]] of Object.entries(RUN)) {
    it(`of run: ${title}`, async () => {
      const outcome = await engine.run(['run', '--rm', ...args]);
      assert.equal(outcome.code, code, outcome.stderr);
      if (code >= 125 && code <= 127) assert.notEqual(outcome.stderr, '', 'no word about it');
    });
  }

  it('are 1 for a container that is not there', async () => {
    for (const verb of [
      'start',
      'stop',
      'restart',
      'kill',
      'rm',
      'logs',
      'attach',
      'wait',
      'port',
      'inspect',
    ]) {
      const outcome = await engine.run([verb, 'nobody-there']);
      assert.equal(outcome.code, 1, `${verb}: ${outcome.stderr}`);
      assert.match(outcome.stderr, /nobody-there/);
    }
    assert.equal((await engine.run(['exec', 'nobody-there', 'true'])).code, 1);
  });

  it('are 1 for an image that is not there', async () => {
    for (const words of [
      ['rmi', 'nobody'],
      ['tag', 'nobody', 'some'],
      ['history', 'nobody'],
    ])
      assert.equal((await engine.run(words)).code, 1, words.join(' '));
  });

  it('are 0 for rm -f of a container that is not there', async () => {
    assert.equal((await engine.run(['rm', '-f', 'nobody-there'])).code, 0);
  });

  it('are 1 for what a container that was only created cannot do', async () => {
    await engine.ok('create', '--name', 'fresh', PLAIN, 'true');
    assert.equal((await engine.run(['kill', 'fresh'])).code, 1);
    assert.equal((await engine.run(['attach', 'fresh'])).code, 1);
    for (const verb of ['stop', 'logs', 'port'])
      assert.equal((await engine.run([verb, 'fresh'])).code, 0, verb);
  });
});
