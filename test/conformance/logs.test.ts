import { strict as assert } from 'node:assert';
import { PLAIN } from './images';
import { useEngine } from './suite';

describe('logs', () => {
  const engine = useEngine();
  const wrote = (script: string, ...flags: string[]) =>
    engine.run(['run', '--name', 'talker', ...flags, PLAIN, 'sh', '-c', script]);
  const logs = async (...flags: string[]): Promise<string> =>
    (await engine.run(['logs', ...flags, 'talker'])).stdout;

  it('keep the two streams apart, and a last line without an end as it is', async () => {
    await wrote('echo out1; echo err >&2; echo out2; printf part');
    const { stdout, stderr, code } = await engine.run(['logs', 'talker']);
    assert.deepEqual([code, stdout, stderr], [0, 'out1\nout2\npart', 'err\n']);
  });

  it('are cut by --tail', async () => {
    await wrote('echo 1; echo 2; echo 3; printf part');
    assert.equal(await logs('--tail', '1'), 'part');
    assert.equal(await logs('-n', '2'), '3\npart');
    assert.equal(await logs('--tail', '0'), '');
    for (const all of ['all', '-1', '99']) assert.equal(await logs('--tail', all), '1\n2\n3\npart', all);
  });

  it('have RFC 3339 times with nine digits with -t', async () => {
    await wrote('echo one; printf part');
    const lines = (await logs('-t')).split('\n');
    for (const [index, text] of ['one', 'part'].entries())
      assert.match(
        lines[index] ?? '',
        new RegExp(`^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9}Z ${text}$`),
      );
    assert.equal(lines.length, 2);
  });

  it('are cut by --since and --until, as a time, a date, seconds or an age', async () => {
    await wrote('echo old; sleep 3; echo new');
    assert.equal(await logs('--since', '1s'), 'new\n');
    assert.equal(await logs('--until', '1s'), 'old\n');
    for (const time of ['0', '2000-01-01', '2000-01-01T00:00:00Z', '10m']) {
      assert.equal(await logs('--since', time), 'old\nnew\n', time);
      if (time !== '0') assert.equal(await logs('--until', time), '', time);
    }
    assert.equal(await logs('--since', '2100-01-01T00:00:00Z'), '');
    assert.equal((await engine.run(['logs', '--since', 'bogus', 'talker'])).code, 1);
  });

  it('are followed to the end of the container', async () => {
    await engine.ok(
      'run',
      '-d',
      '--name',
      'talker',
      PLAIN,
      'sh',
      '-c',
      'for i in 1 2 3; do echo $i; sleep 0.2; done',
    );
    assert.equal(await logs('-f'), '1\n2\n3\n');
    assert.equal(await logs('-f', '--tail', '1'), '3\n');
  });

  it('put long lines together again', async () => {
    await wrote("head -c 40000 /dev/zero | tr '\\0' a; echo b");
    assert.equal(await logs(), `${'a'.repeat(40000)}b\n`);
  });

  it('of a terminal have its line ends, on standard output alone', async () => {
    await wrote('echo out; echo err >&2', '-t');
    const { stdout, stderr } = await engine.run(['logs', 'talker']);
    assert.deepEqual([stdout, stderr], ['out\r\nerr\r\n', '']);
  });

  it('go on over a restart', async () => {
    await wrote('echo run');
    await engine.ok('start', 'talker');
    await engine.ok('wait', 'talker');
    assert.equal(await logs(), 'run\nrun\n');
  });
});
