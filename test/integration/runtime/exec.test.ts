import { strict as assert } from 'node:assert';
import { readdirSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Container, ExecOptions } from '@tinyd/runtime';
import { encodeClientFrame, MonitorFrameReader } from '../../../packages/runtime/dist/attach-protocol';
import { BusyboxRoot } from './busybox-root';

const SPY_LOG = { driver: 'json-file', maxBytes: 0, maxFiles: 1 } as const;
const ATTACH = { stdin: true, stdout: true, stderr: true, tty: false, detachKeys: [], signalProxy: false };

/** Plays the attach client: sends all input, collects all output. */
async function run(
  container: Container,
  command: readonly string[],
  changes: Partial<ExecOptions> = {},
  input = '',
) {
  const { client } = await container.exec({ command, attach: ATTACH, openStdin: input !== '', ...changes });
  assert.ok(client !== undefined);
  const socket = new Socket({ fd: client.fd });
  const reader = new MonitorFrameReader();
  const result = { code: -1, stdout: '', stderr: '' };
  const ended = new Promise(resolve => socket.once('close', resolve));
  socket.on('data', piece => {
    for (const frame of reader.push(piece)) {
      if (frame.type === 'stdout' || frame.type === 'stderr') result[frame.type] += frame.data;
      if (frame.type !== 'exit') continue;
      result.code = frame.code;
      socket.destroy();
    }
  });
  socket.write(encodeClientFrame({ type: 'hello', wants: 7 }));
  if (input !== '') socket.write(encodeClientFrame({ type: 'stdin', data: Buffer.from(input) }));
  socket.write(encodeClientFrame({ type: 'stdinEnd' }));
  await ended;
  return result;
}

describe('exec', () => {
  let box: BusyboxRoot;
  let container: Container;
  beforeEach(async () => {
    box = new BusyboxRoot();
    const options = { env: ['A=1'], workingDir: '/tmp', hostname: 'inside', limits: { pidsLimit: 40 } };
    container = await box.runtime.create(box.options(['sleep', '60'], options));
    await container.start();
  });
  afterEach(() => box.dispose());

  it('joins the container: namespaces, folder, environment, exit status', async () => {
    const script = 'hostname; pwd; echo $A$B; cat /proc/1/cmdline; echo err >&2; exit 6';
    const result = await run(container, ['sh', '-c', script], { env: ['B=2'] });
    assert.deepEqual(result, { code: 6, stdout: 'inside\n/tmp\n12\nsleep\x0060\0', stderr: 'err\n' });
  });

  it('input reaches it, and its end', async () => {
    assert.equal((await run(container, ['wc', '-c'], {}, 'hello')).stdout, '5\n');
  });

  it('CVE-2022-24769, CVE-2026-30892: user, groups and capabilities as in a run', async () => {
    const status =
      'id; grep -E "Cap(Inh|Prm|Eff|Bnd|Amb)|Seccomp:|NoNew" /proc/self/status | cut -f2; echo $HOME; pwd';
    const root = await run(container, ['sh', '-c', status]);
    const bounding = '00000000a80425fb';
    const none = '0000000000000000';
    assert.deepEqual(root.stdout.trim().split('\n'), [
      'uid=0(root) gid=0(root) groups=0(root),10(wheel)',
      none,
      bounding,
      bounding,
      bounding,
      none,
      '0',
      '2',
      '/root',
      '/tmp',
    ]);
    const app = await run(container, ['sh', '-c', status], { user: 'app', workingDir: '/home' });
    assert.deepEqual(app.stdout.trim().split('\n'), [
      'uid=1000(app) gid=1000(app) groups=10(wheel),1000(app)',
      none,
      none,
      none,
      bounding,
      none,
      '0',
      '2',
      '/home/app',
      '/home',
    ]);
    for (const user of ['4294967296', '-1', 'nobody-here', ':0', '1e3']) {
      await assert.rejects(
        container.exec({ command: ['id'], user }),
        { code: 'ERR_TINYD_USER_UNKNOWN' },
        user,
      );
    }
  });

  it('CVE-2019-14271: users are looked up in the container’s files as they are now, by our own parser', async () => {
    await run(container, ['sh', '-c', 'echo late:x:77:78::/late:/bin/sh >> /etc/passwd']);
    const { stdout } = await run(container, ['sh', '-c', 'id -u; id -g; echo $HOME'], { user: 'late' });
    assert.equal(stdout, '77\n78\n/late\n');
    await run(container, ['sh', '-c', 'rm /etc/passwd; mkfifo /etc/passwd']);
    await assert.rejects(container.exec({ command: ['id'], user: 'app' }));
    await run(container, ['sh', '-c', 'rm /etc/passwd; ln -s /dev/zero /etc/passwd']);
    await assert.rejects(container.exec({ command: ['id'], user: 'app' }));
  });

  it('CVE-2024-21626: descriptors 0 to 2 and nothing else', async () => {
    const { stdout } = await run(container, ['sh', '-c', 'ls /proc/$$/fd; true']);
    assert.equal(stdout, '0\n1\n2\n');
    for (const number of [3, 5, 8, 9, 100]) {
      await assert.rejects(container.exec({ command: ['true'], workingDir: `/proc/self/fd/${number}` }));
    }
  });

  it('CVE-2016-9962: a spy with SYS_PTRACE sees no way out in the descriptors of what joins', async () => {
    const spying =
      'while :; do for p in /proc/[0-9]*; do for f in $p/fd/* $p/cwd $p/root; do readlink $f; done; done; done 2> /dev/null';
    const spy = await box.runtime.create(
      box.options(['sh', '-c', spying], { capAdd: ['SYS_PTRACE'], log: SPY_LOG }),
    );
    await spy.start();
    for (let round = 0; round < 30; round++) await run(spy, ['true']);
    const seen = new Set<string>();
    for await (const entry of spy.logs()) seen.add(entry.text.trim());
    await spy.stop({ timeout: 0 });
    const harmless = /^(\/|\/dev\/null|\/proc\/\d+\/fd|pipe:\[\d+\]|socket:\[\d+\]|anon_inode:.*|)$/;
    assert.deepEqual(
      [...seen].filter(link => !harmless.test(link)),
      [],
    );
    assert.ok(seen.has('/dev/null'));
  });

  it('--privileged has all capabilities, behind the filter of the container', async () => {
    const { stdout } = await run(container, ['grep', '-E', 'CapBnd|Seccomp:', '/proc/self/status'], {
      privileged: true,
    });
    assert.match(stdout, /CapBnd:\t0000013|CapBnd:\t000001f/);
    assert.match(stdout, /Seccomp:\t2/);
  });

  it('a tty: its size before the first byte, TERM', async () => {
    const { stdout } = await run(container, ['sh', '-c', 'stty size; echo $TERM; tty'], {
      tty: true,
      terminalSize: { rows: 40, columns: 100 },
    });
    assert.deepEqual(stdout.trim().split(/\r?\n/).slice(0, 2), ['40 100', 'xterm']);
  });

  it('fails exactly: 127, 126, and a container that does not run', async () => {
    const cases: [string, string][] = [
      ['nope', 'ERR_TINYD_COMMAND_NOT_FOUND'],
      ['/etc', 'ERR_TINYD_COMMAND_NOT_EXECUTABLE'],
      ['/etc/passwd', 'ERR_TINYD_COMMAND_NOT_EXECUTABLE'],
    ];
    for (const [command, code] of cases)
      await assert.rejects(container.exec({ command: [command] }), { code });
    await assert.rejects(container.exec({ command: [] }), { code: 'ERR_TINYD_COMMAND_MISSING' });
    await container.stop({ timeout: 0 });
    await assert.rejects(container.exec({ command: ['true'] }), { code: 'ERR_TINYD_CONTAINER_STATE' });
  });

  it('detached: it runs on, is counted by the container’s limits, and leaves nothing', async () => {
    const { client } = await container.exec({ command: ['sh', '-c', 'sleep 0.3; echo done > /tmp/done'] });
    assert.equal(client, undefined);
    assert.equal((container.inspect().ExecIDs as string[]).length, 1);
    const { stdout } = await run(container, [
      'sh',
      '-c',
      'cat /sys/fs/cgroup/pids/pids.current; sleep 0.5; cat /tmp/done',
    ]);
    const [pids, done] = stdout.trim().split('\n');
    assert.ok(Number(pids) >= 3, `${pids} processes in the cgroup`);
    assert.equal(done, 'done');
    assert.equal(container.inspect().ExecIDs, null);
    assert.deepEqual(readdirSync(join(box.state, 'containers', container.id, 'exec')), []);
  });

  it('ends with its container', async () => {
    const ending = run(container, ['sleep', '60']);
    await container.stop({ timeout: 0 });
    assert.equal((await ending).code, 137);
  });
});
