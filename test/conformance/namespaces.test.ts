import { strict as assert } from 'node:assert';
import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { PLAIN } from './images';
import { useEngine } from './suite';

describe('shared namespaces', () => {
  const engine = useEngine();
  const own = (kind: string) => readlinkSync(`/proc/self/ns/${kind}`);
  const inside = (kind: string, ...flags: string[]) =>
    engine.inside(`readlink /proc/self/ns/${kind}`, ...flags);
  const refused = async (...flags: string[]): Promise<string> => {
    const { code, stderr } = await engine.run(['create', ...flags, PLAIN]);
    assert.notEqual(code, 0, flags.join(' '));
    return stderr;
  };

  it('are the container’s own unless asked for', async () => {
    for (const kind of ['pid', 'ipc', 'uts', 'net', 'mnt']) assert.notEqual(await inside(kind), own(kind));
  });

  it('are the host’s with --pid, --ipc, --uts and --cgroupns host', async () => {
    for (const kind of ['pid', 'ipc', 'uts'])
      assert.equal(await inside(kind, `--${kind}`, 'host'), own(kind));
    assert.equal(await inside('cgroup', '--cgroupns', 'host'), own('cgroup'));
    assert.notEqual(await inside('cgroup', '--cgroupns', 'private'), own('cgroup'));
    assert.equal(await engine.inside('hostname', '--uts', 'host'), hostname());
    assert.match(await refused('--uts', 'host', '--hostname', 'x'), /uts|UTS/);
    assert.equal(
      await engine.inside('echo $$ > /dev/null; [ $$ -gt 2 ] && echo far', '--pid', 'host'),
      'far',
    );
  });

  it('end with the container also where its processes are the host’s', async () => {
    const script = 'sleep 304 & exec sleep 305';
    await engine.ok('run', '-d', '--name', 'box', '--pid', 'host', PLAIN, 'sh', '-c', script);
    const sees = () => engine.inside('ps | grep -c "[s]leep 304" || true', '--pid', 'host');
    assert.equal(await sees(), '1');
    await engine.ok('kill', 'box');
    await engine.ok('wait', 'box');
    assert.equal(await sees(), '0');
  });

  it('are another container’s with --pid container:NAME', async () => {
    await engine.ok('run', '-d', '--name', 'box', PLAIN, 'sleep', '301');
    assert.match(await engine.inside('ps', '--pid', 'container:box'), /1 root .*sleep 301/);
    assert.equal(await engine.inside('kill -0 1 && echo seen', '--pid', 'container:box'), 'seen');
    await engine.ok('run', '-d', '--name', 'guest', '--pid', 'container:box', PLAIN, 'sleep', '302');
    assert.match(await engine.ok('exec', 'guest', 'ps'), /sleep 301[\s\S]*sleep 302/);
    const id = await engine.ok('inspect', '-f', '{{.Id}}', 'box');
    assert.equal(await engine.ok('inspect', '-f', '{{.HostConfig.PidMode}}', 'guest'), `container:${id}`);
    // The namespace goes with its first process, and all that is in it.
    await engine.ok('kill', 'box');
    assert.equal(await engine.ok('wait', 'guest'), '137');
    const { code, stderr } = await engine.run(['start', 'guest']);
    assert.notEqual(code, 0);
    assert.match(stderr, /(not|non) running/);
  });

  it('share memory with --ipc container:NAME, where that container allows it', async () => {
    await engine.ok('run', '-d', '--name', 'open', '--ipc', 'shareable', PLAIN, 'sleep', '300');
    await engine.ok('exec', 'open', 'sh', '-c', 'echo shared > /dev/shm/note');
    assert.equal(await engine.inside('cat /dev/shm/note', '--ipc', 'container:open'), 'shared');
    await engine.inside('echo back > /dev/shm/answer', '--ipc', 'container:open');
    assert.equal(await engine.ok('exec', 'open', 'cat', '/dev/shm/answer'), 'back');
    const theirs = await engine.ok('exec', 'open', 'readlink', '/proc/self/ns/ipc');
    assert.equal(await inside('ipc', '--ipc', 'container:open'), theirs);
    await engine.ok('run', '-d', '--name', 'closed', '--ipc', 'private', PLAIN, 'sleep', '300');
    const { code, stderr } = await engine.run(['run', '--rm', '--ipc', 'container:closed', PLAIN, 'true']);
    assert.notEqual(code, 0);
    assert.match(stderr, /shareable/);
  });

  it('have no /dev/shm with --ipc none', async () => {
    assert.equal(await engine.inside('grep -c " /dev/shm " /proc/mounts || true', '--ipc', 'none'), '0');
    assert.equal(await engine.inside('grep -c " /dev/shm " /proc/mounts || true'), '1');
  });

  it('are shown by inspect', async () => {
    const flags = [
      '--pid',
      'host',
      '--ipc',
      'shareable',
      '--uts',
      'host',
      '--userns',
      'host',
      '--cgroupns',
      'host',
    ];
    await engine.ok('create', '--name', 'box', ...flags, PLAIN);
    const shown =
      '{{.HostConfig.PidMode}} {{.HostConfig.IpcMode}} {{.HostConfig.UTSMode}} {{.HostConfig.CgroupnsMode}}';
    assert.equal(await engine.ok('inspect', '-f', shown, 'box'), 'host shareable host host');
    await engine.ok('create', '--name', 'guest', PLAIN);
    // On cgroup v1 docker's containers see the host's cgroups (docs/docker-differences.md).
    assert.match(await engine.ok('inspect', '-f', shown, 'guest'), /^private {2}(private|host)$/);
  });

  it('are refused by name when they cannot be', async () => {
    for (const flags of [
      ['--pid', 'nonsense'],
      ['--ipc', 'nonsense'],
      ['--uts', 'nonsense'],
      ['--cgroupns', 'nonsense'],
      ['--pid', 'container:nosuch'],
    ])
      await refused(...flags);
    // Which docker leaves to the start.
    const shared = ['--ipc', 'host', '--sysctl', 'kernel.shmmax=1'];
    assert.notEqual((await engine.run(['run', '--rm', ...shared, PLAIN, 'true'])).code, 0);
  });
});

describe('devices by rule', () => {
  const engine = useEngine();
  const open = 'mknod /tmp/tty c 4 64 && : < /tmp/tty';

  it('may be used with --device-cgroup-rule only', async () => {
    const without = await engine.run(['run', '--rm', PLAIN, 'sh', '-c', open]);
    assert.match(without.stderr, /Operation not permitted/);
    const rule = ['--device-cgroup-rule', 'c 4:* r'];
    const allowed = await engine.run(['run', '--rm', ...rule, PLAIN, 'sh', '-c', open]);
    assert.doesNotMatch(allowed.stderr, /not permitted/);
    const written = await engine.run(['run', '--rm', ...rule, PLAIN, 'sh', '-c', open.replace('<', '>')]);
    assert.match(written.stderr, /Operation not permitted/);
    await engine.ok('create', '--name', 'box', ...rule, PLAIN);
    assert.equal(
      await engine.ok('inspect', '-f', '{{json .HostConfig.DeviceCgroupRules}}', 'box'),
      '["c 4:* r"]',
    );
  });

  it('are refused by a rule that is none', async () => {
    for (const rule of ['c 4', 'x 1:1 r', 'c 1:1 x'])
      assert.notEqual((await engine.run(['create', '--device-cgroup-rule', rule, PLAIN])).code, 0, rule);
  });
});
