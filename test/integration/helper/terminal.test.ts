import assert from 'node:assert/strict';
import { lstatSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Box, DEFAULT_MOUNTS } from './box';

const TTY = { session: { terminal: { rows: 17, columns: 63 }, stdin: 'open' as const } };

describe('helper: terminal', () => {
  let box: Box;
  beforeEach(() => {
    box = new Box();
  });
  afterEach(() => box.remove());

  it('has its size before the program starts, and follows changes', async () => {
    const script = 'stty size; trap "stty size; exit 4" WINCH; echo ready; while :; do sleep 0.02; done';
    const { client } = box.start(['sh', '-c', script], TTY);
    await client.expect(/^17 63\r\nready/);
    client.send({ type: 'resize', rows: 40, columns: 100 });
    await client.expect(/40 100\r\n/);
    assert.equal((await client.exited).code, 4);
  });

  it('is the controlling terminal, /dev/console and stdin, stdout and stderr in one', async () => {
    const script =
      'tty; stat -c %t:%T -L /dev/console; echo to-tty > /dev/tty; echo to-err >&2; stat -c %u /dev/pts/0';
    const { client } = box.start(['sh', '-c', script], TTY);
    assert.equal((await client.exited).code, 0);
    assert.equal(client.stdout(), '/dev/pts/0\r\n88:0\r\nto-tty\r\nto-err\r\n0\r\n');
    assert.equal(client.stderr(), '');
  });

  it('belongs to the user of the process', async () => {
    const { client } = box.start(['stat', '-c', '%u:%g', '/dev/pts/0'], {
      ...TTY,
      process: { uid: 1000, gid: 1000 },
    });
    await client.exited;
    assert.equal(client.stdout(), '1000:5\r\n');
  });

  it('passes keys on: what is typed, and the interrupt key as a signal', async () => {
    const { client } = box.start(
      ['sh', '-c', 'trap "echo INT" INT; read x; echo "<$x>"; read y; exit 6'],
      TTY,
    );
    client.send({ type: 'stdin', data: Buffer.from('hello\n') });
    await client.expect(/<hello>/);
    client.send({ type: 'stdin', data: Buffer.from('\x03') });
    await client.expect(/INT/);
    client.send({ type: 'stdin', data: Buffer.from('\n') });
    assert.equal((await client.exited).code, 6);
  });

  it('logs what was shown as stdout', async () => {
    const { client } = box.start(['sh', '-c', 'echo out; echo err >&2'], TTY);
    await client.exited;
    await box.settled();
    const log = readFileSync(box.log, 'utf8');
    assert.equal(log.match(/"stream":"stdout"/g)?.length, 2);
    assert.match(log, /"log":"out\\r\\n"/);
  });

  it('takes no devpts for one that a volume put in its place (CVE-2025-52565)', () => {
    const fake = join(box.base, 'fake');
    mkdirSync(fake);
    const mounts = DEFAULT_MOUNTS.map(step =>
      step.kind === 'filesystem' && step.target === '/dev/pts'
        ? {
            kind: 'bind' as const,
            source: fake,
            target: '/dev/pts',
            recursive: false,
            flags: 0,
            flagsBelow: false,
            propagation: 'rprivate' as const,
            targetIsDirectory: true,
          }
        : step,
    );
    symlinkSync('/dev/null', join(fake, 'ptmx'));
    const report = box.launch(box.plan(['true'], { ...TTY, container: { mounts } }));
    assert.deepEqual([report.stage, report.operand], ['terminal', '/dev/pts']);
    assert.ok(lstatSync(join(fake, 'ptmx')).isSymbolicLink());
  });

  it('survives programs that close it', async () => {
    const script = 'exec 0<&- 1>&- 2>&-; sleep 0.1; echo again > /dev/console';
    const { client } = box.start(['sh', '-c', script], TTY);
    assert.equal((await client.exited).code, 0);
    assert.equal(client.stdout(), 'again\r\n');
  });
});
