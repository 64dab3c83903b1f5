import { strict as assert } from 'node:assert';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { useTinyd } from '../../support/use-tinyd';

describe('what the kernel does when memory runs out', function () {
  this.timeout(60_000);
  const tinyd = useTinyd();
  afterEach(() => tinyd.run(['rm', '-f', 'c']));

  it('depends on --oom-score-adj', async () => {
    const score = ['cat', '/proc/self/oom_score_adj'];
    assert.equal(await tinyd.ok('run', '--rm', '--oom-score-adj', '500', 'busybox', ...score), '500');
    await tinyd.ok('run', '-d', '--name', 'c', '--oom-score-adj', '600', 'busybox', 'sleep', '300');
    assert.equal(await tinyd.ok('inspect', '-f', '{{.HostConfig.OomScoreAdj}}', 'c'), '600');
    assert.equal(await tinyd.ok('exec', 'c', ...score), '600');
    const { code, stderr } = await tinyd.run(['run', '--rm', '--oom-score-adj', '1001', 'busybox']);
    assert.equal(code, 125);
    assert.match(stderr, /--oom-score-adj: want a number between -1000 and 1000/);
  });

  it('with --oom-kill-disable is to let the process wait, until it gets more memory or is stopped', async function () {
    if (!existsSync('/sys/fs/cgroup/memory/memory.oom_control')) this.skip();
    const small = ['-m', '16m', '--memory-swap', '16m', '--shm-size', '64m'];
    const fill = 'dd if=/dev/zero of=/dev/shm/x bs=1M count=30 2>/dev/null; echo went on; sleep 300';
    const id = await tinyd.ok(
      ...['run', '-d', '--name', 'c', ...small, '--oom-kill-disable', 'busybox', 'sh', '-c', fill],
    );
    const control = () => readFileSync(`/sys/fs/cgroup/memory/tinyd/${id}/memory.oom_control`, 'utf8');
    for (let i = 0; i < 200 && !/^under_oom 1$/m.test(control()); i++) await sleep(50);
    assert.match(control(), /^oom_kill_disable 1\nunder_oom 1\noom_kill 0$/m);
    assert.equal(await tinyd.ok('inspect', '-f', '{{.State.Running}}', 'c'), 'true');
    assert.equal(await tinyd.ok('logs', 'c'), '');
    await tinyd.ok('update', '-m', '256m', '--memory-swap', '256m', 'c');
    for (let i = 0; i < 200 && (await tinyd.ok('logs', 'c')) === ''; i++) await sleep(50);
    assert.equal(await tinyd.ok('logs', 'c'), 'went on');
    assert.match(control(), /^oom_kill_disable 1\nunder_oom 0\noom_kill 0$/m);
    await tinyd.ok('stop', '-t', '0', 'c');
    const state = '{{.State.ExitCode}} {{.State.OOMKilled}}';
    assert.equal(await tinyd.ok('inspect', '-f', state, 'c'), '137 false');
  });
});
