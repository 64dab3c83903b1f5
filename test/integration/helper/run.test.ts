import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Box } from './box';

describe('helper: run a plan', () => {
  let box: Box;
  beforeEach(() => {
    box = new Box();
  });
  afterEach(() => box.remove());

  it('runs a program in namespaces of its own and reports its end', async () => {
    const { code, stdout, stderr } = await box.run([
      'sh',
      '-c',
      'echo $$ $(hostname) $A; echo no >&2; exit 7',
    ]);
    assert.equal(code, 7);
    assert.equal(stdout, '1 box 1\n');
    assert.equal(stderr, 'no\n');
    await box.settled();
    const { status, exitCode, signal, oomKilled } = box.state();
    assert.deepEqual(
      { status, exitCode, signal, oomKilled },
      { status: 'exited', exitCode: 7, signal: 0, oomKilled: false },
    );
  });

  it('writes the log in docker json-file form', async () => {
    await box.run(['sh', '-c', 'printf "a<\\377\\tb\\nrest"; echo e >&2']);
    await box.settled();
    const lines = readFileSync(box.log, 'utf8').trim().split('\n');
    const texts = lines.map(line => line.replace(/"time":"[^"]*"/, '"time":"T"')).sort();
    assert.deepEqual(texts, [
      '{"log":"a\\u003c\\ufffd\\u0009b\\n","stream":"stdout","time":"T"}',
      '{"log":"e\\n","stream":"stderr","time":"T"}',
      '{"log":"rest","stream":"stdout","time":"T"}',
    ]);
    for (const line of lines) assert.match(line, /"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z"\}$/);
  });
});
