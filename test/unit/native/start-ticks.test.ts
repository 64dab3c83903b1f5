import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { startTicksOfEach } from '@tinyd/native';

describe('the start of processes', () => {
  it('is told of those that are there', () => {
    const fields = readFileSync('/proc/self/stat', 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    const { pid: ended } = spawnSync('true');
    assert.deepEqual(
      [...startTicksOfEach([process.pid, ended, -1, 0, process.pid])],
      [fields[19], undefined, undefined, undefined, fields[19]],
    );
    assert.deepEqual(startTicksOfEach([]), []);
  });

  it('is not told of one that has ended, and that nobody has waited for', () => {
    // The shell becomes a program that waits for nobody.
    const script = 'sleep 0 & echo $!; exec sleep 1';
    const { stdout } = spawnSync(
      'sh',
      ['-c', `(${script}) & sleep 0.3; echo; cat /proc/$!/stat >/dev/null`],
      {
        encoding: 'utf8',
      },
    );
    const pid = Number.parseInt(stdout, 10);
    assert.match(readFileSync(`/proc/${pid}/stat`, 'latin1'), /\) Z /);
    assert.deepEqual([...startTicksOfEach([pid])], [undefined]);
  });
});
