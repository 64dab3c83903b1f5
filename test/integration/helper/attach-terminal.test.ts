import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HELPER_PATH } from '@tinyd/native';
import { Terminal } from '../../support/terminal';
import { Box } from './box';

describe('helper: attach client on a terminal', () => {
  let box: Box;
  beforeEach(() => {
    box = new Box();
  });
  afterEach(() => box.remove());

  /** A shell on a terminal that attaches, and notes how the terminal was before and after. */
  function attached(rows = 24, columns = 80): Terminal {
    const socket = join(box.runDir, 'attach.sock');
    const client = `${HELPER_PATH} attach --socket ${socket} --stdin --stdout --tty --detach-keys 1011`;
    const script = `cd ${box.base}; stty -g > before; echo $$ > pid; ${client}; echo "status $?"; stty -g > after; echo over`;
    return new Terminal(['sh', '-c', script], process.env, rows, columns);
  }

  // What it prints is seen once the client is attached, and so its terminal raw.
  const TICKING = 'while :; do echo tick; sleep 0.05; done';
  const settings = (when: string) => readFileSync(join(box.base, when), 'utf8');

  function start(script: string): void {
    const session = { terminal: { rows: 24, columns: 80 }, stdin: 'open' as const };
    assert.equal(box.launch(box.plan(['sh', '-c', script], { session })).stage, 'started');
  }

  it('is raw while attached and as before after the end', async () => {
    start('read x; stty size; exit 3');
    const terminal = attached(33, 99);
    await terminal.shows(/^/);
    terminal.type('go\r');
    await terminal.shows(/33 99\r\n/);
    await terminal.shows(/status 3\r\n/);
    await terminal.shows(/over/);
    assert.equal(settings('after'), settings('before'));
    await terminal.ended;
  });

  it('passes changes of its size on', async () => {
    start('trap "stty size; exit 0" WINCH; echo ready; while :; do sleep 0.02; done');
    const terminal = attached();
    // The trap is set, and the shell is there: the terminal has had its first size.
    const ready = () => existsSync(join(box.base, 'pid')) && readFileSync(box.log, 'utf8').includes('ready');
    while (!ready()) await new Promise(resolve => setTimeout(resolve, 10));
    terminal.resize(50, 120);
    await terminal.shows(/50 120\r\n/);
    await terminal.shows(/status 0/);
    await terminal.ended;
  });

  it('is as before after detaching', async () => {
    start(TICKING);
    const terminal = attached();
    await terminal.shows(/tick/);
    terminal.type('\x10\x11');
    await terminal.shows(/read escape sequence\r\nstatus 0/);
    await terminal.shows(/over/);
    assert.equal(settings('after'), settings('before'));
    await terminal.ended;
    process.kill(box.state().pid as number, 'SIGKILL');
  });

  it('is as before when the client is told to end', async () => {
    start(TICKING);
    const terminal = attached();
    await terminal.shows(/tick/);
    const shell = settings('pid').trim();
    const client = readFileSync(`/proc/${shell}/task/${shell}/children`, 'utf8').trim();
    process.kill(Number(client), 'SIGTERM');
    await terminal.shows(/status 143/);
    await terminal.shows(/over/);
    assert.equal(settings('after'), settings('before'));
    await terminal.ended;
    process.kill(box.state().pid as number, 'SIGKILL');
  });

  it('is as before when the monitor vanishes', async () => {
    start(TICKING);
    const terminal = attached();
    await terminal.shows(/tick/);
    process.kill(box.state().monitorPid as number, 'SIGKILL');
    await terminal.shows(/ended without an exit status\r\nstatus 1/);
    await terminal.shows(/over/);
    assert.equal(settings('after'), settings('before'));
    await terminal.ended;
  });
});
