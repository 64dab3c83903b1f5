import { strict as assert } from 'node:assert';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BusyboxRoot } from './busybox-root';

describe('life of a container', () => {
  let box: BusyboxRoot;
  beforeEach(() => {
    box = new BusyboxRoot();
  });
  afterEach(() => box.dispose());

  const started = async (command: readonly string[], changes = {}) => {
    const container = await box.runtime.create(box.options(command, changes));
    await container.start();
    return container;
  };
  const TRAP = 'trap "echo bye; exit 7" TERM; echo ready; while :; do sleep 0.05; done';

  it('create, start, wait, logs, rm', async () => {
    const script = 'echo out; echo err >&2; exit 3';
    const container = await box.runtime.create(box.options(['sh', '-c', script], { name: 'web' }));
    assert.equal(container.summary().status, 'created');
    assert.equal(await container.wait(), 0, 'a created container does not run');
    assert.deepEqual(await container.start(), { started: true, warnings: [] });
    assert.equal(await container.wait(), 3);
    const { status, exitCode, name } = container.summary();
    assert.deepEqual([status, exitCode, name], ['exited', 3, 'web']);
    const lines: string[] = [];
    for await (const entry of container.logs()) lines.push(`${entry.stream} ${entry.text}`);
    assert.deepEqual(lines.toSorted(), ['stderr err\n', 'stdout out\n']);
    await container.remove();
    assert.deepEqual(readdirSync(join(box.root, 'containers')), []);
    assert.deepEqual(readdirSync(join(box.root, 'names')), ['.lock']);
    assert.deepEqual(readdirSync(join(box.state, 'containers')), []);
  });

  it('a second start keeps what the first wrote', async () => {
    const container = await started(['sh', '-c', 'echo x >> /tmp/count; exit $(wc -l < /tmp/count)']);
    assert.equal(await container.wait(), 1);
    await container.start();
    assert.equal(await container.wait(), 2);
    await container.start();
    assert.equal(await container.wait(), 3);
  });

  it('starting a running container changes nothing', async () => {
    const container = await started(['sleep', '60']);
    const { Pid } = container.inspect().State as { Pid: number };
    assert.deepEqual(await container.start(), { started: false, warnings: [] });
    assert.equal((container.inspect().State as { Pid: number }).Pid, Pid);
  });

  it('stop asks with the stop signal, and the state is final when it returns', async () => {
    const container = await started(['sh', '-c', TRAP]);
    await untilLogged(container, 'ready');
    await container.stop();
    const { status, exitCode } = container.summary();
    assert.deepEqual([status, exitCode], ['exited', 7]);
    await container.stop();
  });

  it('stop kills what does not listen', async () => {
    const container = await started(['sh', '-c', 'trap "" TERM; echo ready; while :; do sleep 0.05; done']);
    await untilLogged(container, 'ready');
    const begin = Date.now();
    await container.stop({ timeout: 0.3 });
    assert.ok(Date.now() - begin >= 300 && Date.now() - begin < 3000);
    assert.equal(container.summary().exitCode, 137);
  });

  it('stop with another signal', async () => {
    const container = await started(['sh', '-c', TRAP.replace('TERM', 'USR1')]);
    await untilLogged(container, 'ready');
    await container.stop({ signal: 'USR1' });
    assert.equal(container.summary().exitCode, 7);
  });

  it('kill sends any signal, and SIGKILL by default', async () => {
    const container = await started(['sh', '-c', TRAP.replace('TERM', 'HUP')]);
    await untilLogged(container, 'ready');
    container.kill('SIGHUP');
    assert.equal(await container.wait(), 7);
    await container.start();
    container.kill();
    assert.equal(await container.wait(), 137);
    assert.throws(() => container.kill(), { code: 'ERR_TINYD_CONTAINER_STATE' });
    assert.throws(() => container.kill('NOPE'), { code: 'ERR_TINYD_OPTION_INVALID' });
  });

  it('rm refuses a running container, and removes it by force', async () => {
    const container = await started(['sleep', '60'], { name: 'busy' });
    await assert.rejects(container.remove(), { code: 'ERR_TINYD_CONTAINER_STATE' });
    await container.remove({ force: true });
    assert.throws(() => box.runtime.find('busy'), { code: 'ERR_TINYD_CONTAINER_NOT_FOUND' });
    await assert.rejects(container.start(), { code: 'ERR_TINYD_CONTAINER_NOT_FOUND' });
  });

  it('--rm leaves nothing, and wait still tells how it ended', async () => {
    const container = await started(['sh', '-c', 'sleep 0.2; exit 5'], { autoRemove: true, name: 'gone' });
    assert.equal(await container.wait(), 5);
    assert.deepEqual(readdirSync(join(box.root, 'containers')), []);
    assert.deepEqual(readdirSync(join(box.root, 'names')), ['.lock']);
    assert.deepEqual(readdirSync(join(box.state, 'containers')), []);
  });

  it('--rm with rm -f', async () => {
    const container = await started(['sleep', '60'], { autoRemove: true });
    await container.remove({ force: true });
    assert.deepEqual(readdirSync(join(box.root, 'containers')), []);
  });

  it('a start that fails leaves a created container, or with --rm none', async () => {
    const container = await box.runtime.create(box.options(['/no/such'], { name: 'xx' }));
    await assert.rejects(container.start(), { code: 'ERR_TINYD_COMMAND_NOT_FOUND' });
    assert.equal(container.summary().status, 'created');
    assert.deepEqual(readdirSync(join(box.state, 'containers')), []);
    await container.remove();
    const passing = await box.runtime.create(box.options(['/no/such'], { autoRemove: true, name: 'xx' }));
    await assert.rejects(passing.start(), { code: 'ERR_TINYD_COMMAND_NOT_FOUND' });
    assert.deepEqual(readdirSync(join(box.root, 'containers')), []);
    assert.deepEqual(readdirSync(join(box.root, 'names')), ['.lock']);
  });

  const exits: [command: string[], code: string][] = [
    [['nope'], 'ERR_TINYD_COMMAND_NOT_FOUND'],
    [['/etc/nope'], 'ERR_TINYD_COMMAND_NOT_FOUND'],
    [['/etc'], 'ERR_TINYD_COMMAND_NOT_EXECUTABLE'],
    [['/etc/passwd'], 'ERR_TINYD_COMMAND_NOT_EXECUTABLE'],
    [['/etc/passwd/x'], 'ERR_TINYD_COMMAND_NOT_FOUND'],
  ];
  for (const [command, code] of exits) {
    it(`${command.join(' ')} is ${code}`, async () => {
      const container = await box.runtime.create(box.options(command));
      await assert.rejects(container.start(), { code });
    });
  }

  it('a create that fails leaves nothing', async () => {
    await assert.rejects(box.runtime.create(box.options(['true'], { user: 'nobody-here', name: 'xx' })), {
      code: 'ERR_TINYD_USER_UNKNOWN',
    });
    assert.deepEqual(readdirSync(join(box.root, 'containers')), []);
    assert.deepEqual(readdirSync(join(box.root, 'names')), ['.lock']);
  });

  it('two creates of one name at once have one winner', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, () => box.runtime.create(box.options(['true'], { name: 'one' }))),
    );
    assert.equal(results.filter(result => result.status === 'fulfilled').length, 1);
    assert.equal(box.runtime.containers().length, 1);
  });

  it('inspect tells the state and the places', async () => {
    const container = await started(['sleep', '60'], {
      name: 'web',
      labels: { a: 'b' },
      limits: { memoryBytes: 64 << 20 },
    });
    const document = container.inspect() as unknown as Inspected;
    assert.equal(document.Id, container.id);
    assert.equal(document.Name, '/web');
    assert.deepEqual([document.Path, document.Args], ['sleep', ['60']]);
    assert.deepEqual([document.State.Status, document.State.Running], ['running', true]);
    assert.equal(readFileSync(`/proc/${document.State.Pid}/cmdline`, 'utf8'), 'sleep\x0060\0');
    assert.equal(document.HostConfig.Memory, 64 << 20);
    assert.deepEqual(document.Config.Labels, { a: 'b' });
    for (const path of [
      document.HostnamePath,
      document.HostsPath,
      document.ResolvConfPath,
      document.LogPath,
    ]) {
      assert.ok(existsSync(path), path);
    }
    assert.equal(document.GraphDriver.Data.LowerDir, join(box.root, 'l/base'));
  });

  it('logs follow to the end', async () => {
    const container = await started(['sh', '-c', 'for i in 1 2 3; do echo $i; sleep 0.05; done']);
    const lines: string[] = [];
    for await (const entry of container.logs({ follow: true })) lines.push(entry.text);
    assert.deepEqual(lines, ['1\n', '2\n', '3\n']);
  });
});

interface Inspected {
  readonly Id: string;
  readonly Name: string;
  readonly Path: string;
  readonly Args: string[];
  readonly State: { readonly Status: string; readonly Running: boolean; readonly Pid: number };
  readonly HostConfig: { readonly Memory: number };
  readonly Config: { readonly Labels: object };
  readonly HostnamePath: string;
  readonly HostsPath: string;
  readonly ResolvConfPath: string;
  readonly LogPath: string;
  readonly GraphDriver: { readonly Data: { readonly LowerDir: string } };
}

async function untilLogged(
  container: { logs(): AsyncIterable<{ text: string }> },
  text: string,
): Promise<void> {
  for (;;) {
    for await (const entry of container.logs()) if (entry.text.includes(text)) return;
    await sleep(5);
  }
}
