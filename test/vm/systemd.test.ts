import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { eventually } from '../support/eventually';
import { REPOSITORY } from '../support/tinyd';
import { CGROUPS, cgroupFile, onHost, useTinyd } from './guest';

describe('beside systemd', () => {
  const tinyd = useTinyd();
  const environment = () => `--setenv=TINYD_ROOT=${tinyd.root} --setenv=TINYD_STATE=${tinyd.state}`;
  const command = `${REPOSITORY}/packages/cli/bin/tinyd`;
  const isRunning = async (name: string) =>
    (await tinyd.ok('inspect', '-f', '{{.State.Running}}', name)) === 'true';

  it('a container keeps its limits when systemd reloads and rearranges its own cgroups', async () => {
    const words = ['-m', '64m', '--cpus', '0.5', '--cpuset-cpus', '0', '--pids-limit', '9'];
    const id = await tinyd.ok('run', '-d', '--name', 'limited', ...words, 'busybox', 'sleep', '300');
    const limits = () =>
      ['memory.max', 'cpu.max', 'cpuset.cpus', 'pids.max'].map(file => cgroupFile(id, file));
    const before = limits();
    onHost('systemctl daemon-reload; systemd-run -q --wait -p CPUWeight=50 -p MemoryMax=50M true');
    assert.deepEqual(limits(), before);
    assert.match(
      readFileSync(`${CGROUPS}/tinyd/cgroup.subtree_control`, 'utf8'),
      /cpuset cpu io memory pids/,
    );
    await tinyd.ok('rm', '-f', 'limited');
  });

  it('a container that a service started detached outlives the service', async () => {
    onHost(`systemd-run -q --wait ${environment()} ${command} run -d --name survivor busybox sleep 300`);
    await new Promise(done => setTimeout(done, 500));
    assert.ok(await isRunning('survivor'), 'it was killed with the service');
    await tinyd.ok('rm', '-f', 'survivor');
  });

  it('a container in the foreground of a service ends when the service is stopped', async () => {
    const program = "trap 'exit 7' TERM; while :; do sleep 0.1; done";
    onHost(
      `systemd-run -q --unit=front ${environment()} ${command} run --name front busybox sh -c ${JSON.stringify(program)}`,
    );
    await eventually('it runs', () => isRunning('front').catch(() => false));
    onHost('systemctl stop front');
    assert.equal(
      await tinyd.ok('inspect', '-f', '{{.State.Running}} {{.State.ExitCode}}', 'front'),
      'false 7',
    );
    await tinyd.ok('rm', 'front');
  });
});
