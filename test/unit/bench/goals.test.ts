import { strict as assert } from 'node:assert';
import { CONTAINER_JOBS, isWanted, STORE_JOBS } from '../../../bench/dist/jobs/all';
import { Findings, METRICS } from '../../../bench/dist/measure/samples';
import { type Goal, judge, readGoals } from '../../../bench/dist/report/goals';
import { failureLines, goalTable, measurementTable } from '../../../bench/dist/report/table';
import { titleOf } from '../../../bench/dist/report/titles';

function findings(): Findings {
  const made = new Findings();
  for (const wall of [30, 31, 32]) made.add('exec', 'tinyd', { wall: wall / 1000, cpu: 0.02 });
  for (const wall of [99, 100, 101]) made.add('exec', 'podman', { wall: wall / 1000, cpu: 0.05 });
  made.fail('exec', 'docker', new Error('no\nsuch | daemon'));
  made.add('log', 'tinyd', { rate: 3e8 });
  return made;
}

const against = (engine: string, atMost: number): Goal => ({
  job: 'exec',
  metric: 'wall',
  versus: [{ engine }],
  atMost,
});

describe('bench: goals', () => {
  it('meets or misses by the ratio of the medians', () => {
    const [met, missed] = judge([against('podman', 0.31), against('podman', 0.3)], findings());
    assert.equal(met?.outcome, 'met');
    assert.equal(met?.measured?.median.toFixed(2), '0.31');
    assert.equal(missed?.outcome, 'missed');
  });

  it('holds values themselves against limits from above and from below', () => {
    const limits: Goal[] = [
      { job: 'log', metric: 'rate', atLeast: 2e8 },
      { job: 'log', metric: 'rate', atLeast: 4e8 },
      { job: 'log', metric: 'rate', atMost: 2e8 },
    ];
    assert.deepEqual(
      judge(limits, findings()).map(({ outcome }) => outcome),
      ['met', 'missed', 'missed'],
    );
  });

  it('says why a goal was not measured, and leaves out jobs that nobody asked for', () => {
    const verdicts = judge(
      [against('docker', 1), against('ctr', 1), { ...against('podman', 1), job: 'ps' }],
      findings(),
    );
    assert.deepEqual(
      verdicts.map(({ outcome, reason }) => `${outcome}: ${reason}`),
      ['not measured: docker failed', 'not measured: no ctr'],
    );
  });

  it('reports failures in one line each, and keeps the table whole', () => {
    const made = findings();
    assert.deepEqual(failureLines(made), ['- docker failed: no such | daemon (exec)']);
    const text = `${goalTable(judge([against('podman', 0.4)], made))}\n${measurementTable(made)}`;
    for (const table of text.split(/\n(?=\| job)/)) {
      const columns = table.split('\n').map(line => line.replace(/\\\|/g, '').split('|').length);
      assert.equal(new Set(columns).size, 1, table);
    }
    assert.match(text, /\| exec true\s+\| podman .*0\.31 × \(0\.30–0\.32\)/);
  });

  it('are of metrics and jobs that exist', () => {
    const goals = readGoals();
    assert.ok(goals.length > 40);
    for (const goal of goals) {
      assert.ok(goal.metric in METRICS, goal.metric);
      const isNamedLikeItsJob = ['version', 'ps', 'images'].includes(goal.job);
      assert.ok(isNamedLikeItsJob || titleOf(goal.job) !== goal.job, `no job ${goal.job}`);
      assert.equal((goal.atMost === undefined) !== (goal.atLeast === undefined), true);
    }
  });
});

describe('bench: choice of jobs', () => {
  const jobs = [...CONTAINER_JOBS, ...STORE_JOBS];

  it('takes words of their names', () => {
    const chosen = jobs.filter(job => isWanted(job, { only: ['pull-nginx', 'exec'], quick: false }));
    assert.deepEqual(chosen.map(({ id }) => id).sort(), ['exec', 'pull-nginx-ext4', 'pull-nginx-tmpfs']);
  });

  it('leaves the long ones out of a quick run, unless they are asked for', () => {
    const [big] = jobs.filter(({ id }) => id === 'pull-big-ext4');
    assert.ok(big);
    assert.equal(isWanted(big, { only: undefined, quick: true }), false);
    assert.equal(isWanted(big, { only: undefined, quick: false }), true);
    assert.equal(isWanted(big, { only: ['big'], quick: true }), true);
  });
});
