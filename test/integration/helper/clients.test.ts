import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, readdirSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectUnix } from '@tinyd/native';
import { encodeClientFrame, WANTS } from '../../../packages/runtime/dist/attach-protocol';
import { Box } from './box';
import { Client } from './client';

const sha256 = (data: Buffer) => createHash('sha256').update(data).digest('hex');

describe('helper: attach socket', () => {
  let box: Box;
  beforeEach(() => {
    box = new Box();
  });
  afterEach(() => box.remove());

  const connect = (wants?: number) => new Client(connectUnix(join(box.runDir, 'attach.sock')), wants);

  it('gives the first client everything from the first byte', async () => {
    for (let i = 0; i < 20; i++) {
      const { stdout } = await box.run(['echo', 'first']);
      assert.equal(stdout, 'first\n');
      await box.settled();
    }
  });

  it('is open to nobody but its owner', () => {
    assert.equal(box.launch(box.plan(['sleep', '0.2'])).stage, 'started');
    assert.equal(statSync(join(box.runDir, 'attach.sock')).mode & 0o777, 0o600);
  });

  it('serves several clients at once, each with what it wants', async () => {
    const { client: first } = box.start(['sh', '-c', 'read x; echo "$x"; echo err >&2; exit 2'], {
      session: { stdin: 'open' },
    });
    const both = connect(WANTS.stdout | WANTS.stderr);
    const errorsOnly = connect(WANTS.stderr);
    const waiter = connect(0);
    await sleep(100);
    first.send({ type: 'stdin', data: Buffer.from('go\n') });
    const exits = await Promise.all([first, both, errorsOnly, waiter].map(client => client.exited));
    assert.deepEqual(
      exits.map(exit => exit.code),
      [2, 2, 2, 2],
    );
    assert.deepEqual(
      [first, both, errorsOnly, waiter].map(client => client.stdout()),
      ['go\n', 'go\n', '', ''],
    );
    assert.deepEqual(
      [first, both, errorsOnly, waiter].map(client => client.stderr()),
      ['err\n', 'err\n', 'err\n', ''],
    );
  });

  it('says the end only after state is written and everything is torn down', async () => {
    const cgroup = box.cgroup('pids');
    const { client } = box.start(['true'], { session: { cgroups: [cgroup] } });
    await client.exited;
    assert.equal(box.state().status, 'exited');
    assert.throws(() => statSync(cgroup.path));
    assert.throws(() => statSync(join(box.runDir, 'attach.sock')));
  });

  it('passes 20 MB through a program and back, unharmed', async () => {
    const data = randomBytes(20 << 20);
    const { client } = box.start(['cat'], { session: { stdin: 'once', log: undefined } as never });
    await client.feed(data);
    client.send({ type: 'stdinEnd' });
    assert.equal((await client.exited).code, 0);
    assert.equal(sha256(client.bytes()), sha256(data));
  }).timeout(20_000);

  it('passes signals on while stdin is stuck', async () => {
    const script = 'trap "exit 8" USR1; echo ready; while :; do sleep 0.02; done';
    const { client } = box.start(['sh', '-c', script], { session: { stdin: 'open' } });
    await client.expect(/ready/);
    void client.feed(Buffer.alloc(1 << 20, 'x')); // nobody reads it: the pipe fills, then the window
    await sleep(50);
    client.send({ type: 'signal', signal: 10 });
    assert.equal((await client.exited).code, 8);
  });

  it('CVE-2022-1708: pauses the output while a client does not read, and loses nothing', async () => {
    const script = 'i=0; while [ $i -lt 200000 ]; do echo "line $i"; i=$((i+1)); done';
    const { client, report } = box.start(['sh', '-c', script], {});
    const slow = connect(WANTS.stdout);
    await sleep(50);
    slow.pause();
    await sleep(200);
    const held = client.bytes().length;
    await sleep(200);
    assert.ok(client.bytes().length - held < 300_000, 'the fast client waits for the slow one');
    const rss = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${box.state().monitorPid}/status`, 'utf8'))?.[1];
    assert.ok(Number(rss) < 3000, `the monitor stays small: ${rss} kB`);
    assert.equal(report.stage, 'started');
    slow.resume();
    assert.equal((await client.exited).code, 0);
    assert.match(client.stdout(), /line 199999\n$/);
    assert.equal(client.stdout().split('\n').length, 200_001);
    await slow.exited;
    await box.settled();
    assert.equal(readFileSync(box.log, 'utf8').trim().split('\n').length, 200_000);
  }).timeout(20_000);

  it('stdin once: closes when the feeding client half-closes, or leaves', async () => {
    const { client } = box.start(['cat'], { session: { stdin: 'once' } });
    client.send({ type: 'stdin', data: Buffer.from('all') });
    client.send({ type: 'stdinEnd' });
    await client.exited;
    assert.equal(client.stdout(), 'all');
    await box.settled();
    const { client: leaving } = box.start(['sh', '-c', 'cat; echo ended'], { session: { stdin: 'once' } });
    const watching = connect(WANTS.stdout);
    leaving.send({ type: 'stdin', data: Buffer.from('rest\n') });
    await sleep(50);
    leaving.close();
    await watching.exited;
    assert.match(watching.stdout(), /rest\nended\n$/);
  });

  it('stdin open: stays open for the next client', async () => {
    const { client } = box.start(['sh', '-c', 'read a; read b; echo "$a $b"'], {
      session: { stdin: 'open' },
    });
    client.send({ type: 'stdin', data: Buffer.from('one\n') });
    client.send({ type: 'stdinEnd' });
    client.close();
    const next = connect();
    next.send({ type: 'stdin', data: Buffer.from('two\n') });
    await next.exited;
    assert.equal(next.stdout(), 'one two\n');
  });

  it('detaching closes no stdin', async () => {
    const { client } = box.start(['sh', '-c', 'read a; echo "$a"'], { session: { stdin: 'once' } });
    client.send({ type: 'detach' });
    const next = connect();
    next.send({ type: 'stdin', data: Buffer.from('later\n') });
    await next.exited;
    assert.equal(next.stdout(), 'later\n');
  });

  it('turns away what is no client', async () => {
    assert.equal(box.launch(box.plan(['sleep', '1'], { session: { stdin: 'open' } })).stage, 'started');
    const rude = new Client(connectUnix(join(box.runDir, 'attach.sock')), 0);
    // The pipe takes the first, the window the second.
    for (let i = 0; i < 2; i++) rude.send({ type: 'stdin', data: Buffer.alloc(64 * 1024) });
    await sleep(50);
    rude.send({ type: 'stdin', data: Buffer.alloc(64 * 1024) });
    await assert.rejects(rude.exited);
    assert.deepEqual(rude.errors, ['input window exceeded']);
    const other = connect(0);
    assert.equal((await other.exited).code, 0);
  });

  it('CVE-2022-23471, CVE-2025-64329: survives a thousand clients that come and go', async () => {
    assert.equal(box.launch(box.plan(['sleep', '2'])).stage, 'started');
    const monitor = box.state().monitorPid as number;
    const descriptors = () => readdirSync(`/proc/${monitor}/fd`).length;
    await sleep(50);
    const before = descriptors();
    for (let i = 0; i < 1000; i++) connect(7).close();
    await sleep(300);
    assert.equal(descriptors(), before);
  });

  it('stands whatever is written to its socket', async () => {
    assert.equal(
      box.launch(box.plan(['sh', '-c', 'read x; exit 4'], { session: { stdin: 'open' } })).stage,
      'started',
    );
    const socket = join(box.runDir, 'attach.sock');
    const hello = encodeClientFrame({ type: 'hello', wants: 7 });
    for (let i = 0; i < 300; i++) {
      const noise = randomBytes(1 + ((i * 37) % 500));
      // Types 2 to 5 would be obeyed, and end the container or this test: damage goes to lengths and other types.
      noise[0] = [0, 1, 7, 66, 255][i % 5] ?? 0;
      const fd = connectUnix(socket);
      writeSync(fd, i % 2 === 0 ? noise : Buffer.concat([hello, noise]));
      closeSync(fd);
    }
    const client = connect();
    client.send({ type: 'stdin', data: Buffer.from('\n') });
    assert.equal((await client.exited).code, 4);
  });
});
