import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HELPER_PATH } from '@tinyd/native';
import { Box } from './box';

/** The attach client as a process of its own, its stdio in pipes. */
function attach(
  box: Box,
  options: readonly string[],
): { child: ChildProcess; output: () => string; ended: Promise<number | string> } {
  const child = spawn(HELPER_PATH, ['attach', '--socket', join(box.runDir, 'attach.sock'), ...options]);
  const pieces: Buffer[] = [];
  child.stdout.on('data', piece => pieces.push(piece as Buffer));
  child.stderr.on('data', piece => pieces.push(piece as Buffer));
  const ended = new Promise<number | string>(resolve => {
    child.on('close', (code, signal) => resolve(code ?? signal ?? 'nothing'));
  });
  return { child, output: () => Buffer.concat(pieces).toString(), ended };
}

async function until(holds: () => boolean, what: string): Promise<void> {
  for (let waited = 0; !holds(); waited += 10) {
    if (waited > 5000) throw new Error(`never saw ${what}`);
    await sleep(10);
  }
}

describe('helper: attach client', () => {
  let box: Box;
  beforeEach(() => {
    box = new Box();
  });
  afterEach(() => box.remove());

  it('passes stdin, both outputs and the exit status', async () => {
    const plan = box.plan(['sh', '-c', 'echo ready; cat; echo bye >&2; exit 3'], {
      session: { stdin: 'once' },
    });
    assert.equal(box.launch(plan).stage, 'started');
    const { child, output, ended } = attach(box, ['--stdin', '--stdout', '--stderr']);
    child.stdin?.end('some input\n');
    assert.equal(await ended, 3);
    assert.match(output(), /some input\nbye\n$/);
  });

  it('ends with the status of a container that a signal killed', async () => {
    assert.equal(box.launch(box.plan(['sleep', '100'])).stage, 'started');
    const { child, ended } = attach(box, ['--stdout', '--sig-proxy']);
    await sleep(100);
    child.kill('SIGTERM'); // sleep is PID 1 and has no handler: nothing happens
    await sleep(100);
    assert.equal(child.exitCode, null);
    process.kill(box.state().pid as number, 'SIGKILL');
    assert.equal(await ended, 137);
  });

  it('passes signals on, and leaves the container alone without --sig-proxy', async () => {
    const script = 'trap "echo got; exit 9" TERM; echo ready; while :; do sleep 0.05; done';
    assert.equal(box.launch(box.plan(['sh', '-c', script])).stage, 'started');
    const bystander = attach(box, []);
    await sleep(100);
    bystander.child.kill('SIGTERM');
    assert.equal(await bystander.ended, 'SIGTERM');
    const { child, output, ended } = attach(box, ['--stdout', '--sig-proxy']);
    await sleep(100);
    child.kill('SIGTERM');
    assert.equal(await ended, 9);
    assert.match(output(), /got\n$/);
  });

  it('detaches on the key sequence, holding its first key back until the second decides', async () => {
    const plan = box.plan(['cat'], { session: { stdin: 'once' } });
    assert.equal(box.launch(plan).stage, 'started');
    const { child, output, ended } = attach(box, ['--stdin', '--stdout', '--detach-keys', '1011']);
    child.stdin?.write('a\x10');
    await until(() => output() === 'a', 'the first key');
    await sleep(50);
    assert.equal(output(), 'a');
    child.stdin?.write('\x10b');
    await until(() => output() === 'a\x10\x10b', 'the keys that were held back');
    child.stdin?.write('\x10\x11d');
    assert.equal(await ended, 0);
    assert.equal(output(), 'a\x10\x10bread escape sequence\n');
    const again = attach(box, ['--stdin', '--stdout']);
    again.child.stdin?.end('still here');
    assert.equal(await again.ended, 0);
    assert.equal(again.output(), 'still here');
  });

  it('says so when the monitor vanishes', async () => {
    assert.equal(box.launch(box.plan(['sleep', '100'])).stage, 'started');
    const { output, ended } = attach(box, ['--stdout']);
    await sleep(100);
    process.kill(box.state().monitorPid as number, 'SIGKILL');
    assert.equal(await ended, 1);
    assert.match(output(), /^tinyd: the monitor of the container ended without an exit status\n$/);
  });

  it('ends by SIGPIPE when nobody reads its output, and the container goes on', async () => {
    const plan = box.plan(['sh', '-c', 'while :; do echo line; sleep 0.02; done']);
    assert.equal(box.launch(plan).stage, 'started');
    const { child, ended } = attach(box, ['--stdout']);
    await sleep(100);
    child.stdout?.destroy();
    assert.equal(await ended, 'SIGPIPE');
    assert.equal(box.state().status, 'running');
    process.kill(box.state().pid as number, 'SIGKILL');
  });
});
