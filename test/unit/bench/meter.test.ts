import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandFailed, Meter } from '../../../bench/dist/measure/meter';
import { processStat, processTree } from '../../../bench/dist/measure/processes';

describe('bench: meter', () => {
  let folder: string;
  let meter: Meter;
  const env = { PATH: process.env.PATH };
  const shell = (script: string, settle = 0) => meter.run({ argv: ['sh', '-c', script], env, settle });

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'tinyd-bench-meter-'));
    meter = new Meter(folder);
  });
  after(() => rmSync(folder, { recursive: true }));

  it('measures time, and CPU time of the command and what it waited for', () => {
    const idle = shell('sleep 0.2');
    assert.ok(idle.wall >= 0.2 && idle.cpu < 0.1, JSON.stringify(idle));
    const busy = shell('i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done & wait');
    assert.ok(busy.cpu > 0.01 && busy.cpu <= busy.wall * 2 + 0.1, JSON.stringify(busy));
  });

  it('tells the peak of the command, not of the node that started it', () => {
    const peak = shell('true').peak;
    assert.ok(peak > 100_000 && peak < 20e6, `${peak} bytes`);
  });

  it('waits for what was detached, if it is told to', () => {
    const script = 'setsid sleep 0.3 >/dev/null 2>&1 </dev/null & exit 0';
    const left = shell(script);
    assert.ok(left.wall < 0.3 && left.settled < 0.3, JSON.stringify(left));
    const settled = shell(script, 5);
    assert.ok(settled.wall < 0.3 && settled.settled >= 0.3, JSON.stringify(settled));
  });

  it('fails with the last thing that a failed command said', () => {
    const failure = (script: string) => {
      try {
        shell(script);
      } catch (error) {
        assert.ok(error instanceof CommandFailed);
        return error.message;
      }
      throw new Error('it did not fail');
    };
    assert.match(failure('echo first >&2; echo last >&2; exit 3'), /status 3: last$/);
    assert.match(failure('kill -9 $$'), /status 137/);
    assert.throws(() => meter.run({ argv: ['/no/such/program'], env }), /status 127: .*No such file/);
  });

  it('finds a process and what is below it', () => {
    const tree = processTree([process.pid]);
    assert.ok(tree.some(({ pid }) => pid === process.pid));
    assert.ok((processStat(process.pid)?.own ?? 0) > 0);
    assert.equal(processStat(2 ** 30), undefined);
  });
});
