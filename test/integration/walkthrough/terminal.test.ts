import { strict as assert } from 'node:assert';
import { join } from 'node:path';
import { type BusyboxRegistry, startBusyboxRegistry } from '../../support/busybox-registry';
import { Terminal } from '../../support/terminal';
import { REPOSITORY, Tinyd } from '../../support/tinyd';

const COMMAND = join(REPOSITORY, 'packages', 'cli', 'bin', 'tinyd');
const CTRL_P = '\x10';
const CTRL_Q = '\x11';

describe('terminals', () => {
  let registry: BusyboxRegistry;
  let tinyd: Tinyd;
  const open: Terminal[] = [];
  const terminal = (args: readonly string[], rows?: number, columns?: number): Terminal => {
    const made = new Terminal([COMMAND, ...args], tinyd.env, rows, columns);
    open.push(made);
    return made;
  };

  before(async () => {
    registry = await startBusyboxRegistry();
  });
  after(() => registry.close());
  beforeEach(async () => {
    tinyd = new Tinyd({ TINYD_REGISTRY_MIRROR: `docker.io=${registry.url}` });
    await tinyd.ok('pull', '-q', 'busybox');
  });
  afterEach(async () => {
    for (const each of open.splice(0)) each.kill();
    await tinyd.dispose();
  });

  it('have their size before the program starts, and follow the window', async () => {
    const shell = terminal(
      [
        'run',
        '--rm',
        '-it',
        'busybox',
        'sh',
        '-c',
        'stty size; trap "stty size" WINCH; while :; do sleep 0.1; done',
      ],
      31,
      97,
    );
    await shell.shows(/31 97/);
    shell.resize(45, 120);
    await shell.shows(/45 120/);
    shell.type('\x03');
    assert.equal(await shell.ended, 130);
  });

  it('pass the exit status on, and merge standard error', async () => {
    const shell = terminal(['run', '--rm', '-it', 'busybox', 'sh']);
    await shell.shows(/# /);
    shell.type('echo to-stderr >&2; exit 5\n');
    await shell.shows(/\nto-stderr/);
    assert.equal(await shell.ended, 5);
  });

  it('can be left with ctrl-p ctrl-q and found again', async () => {
    const first = terminal(['run', '-it', '--name', 'shell', 'busybox', 'sh']);
    await first.shows(/# /);
    first.type('marker=still-here\n');
    first.type(CTRL_P + CTRL_Q);
    assert.equal(await first.ended, 0);
    assert.match(await tinyd.ok('ps', '--format', '{{.Names}} {{.Status}}'), /^shell Up /);

    const second = terminal(['attach', 'shell']);
    second.type('echo $marker\n');
    await second.shows(/still-here/);
    second.type('exit 4\n');
    assert.equal(await second.ended, 4);
  });

  it('can leave a container that has none, with input or without', async () => {
    await tinyd.ok(
      'run',
      '-d',
      '--name',
      'silent',
      'busybox',
      'sh',
      '-c',
      'trap "echo caught" INT; while :; do echo tick; sleep 0.1; done',
    );
    const silent = terminal(['attach', 'silent']);
    await silent.shows(/tick/);
    silent.type('typed for nobody\n\x04\x03');
    await silent.shows(/caught/);
    silent.type(CTRL_P + CTRL_Q);
    assert.equal(await silent.ended, 0, silent.screen);
    assert.doesNotMatch(silent.screen, /typed/);
    assert.match(silent.screen, /read escape sequence/);

    const lines = terminal([
      'run',
      '-i',
      '--name',
      'lines',
      'busybox',
      'sh',
      '-c',
      'echo ready; while read -r line; do echo "got $line"; done',
    ]);
    await lines.shows(/ready/);
    // The terminal edits the line: ^H takes the x back.
    lines.type('onx\x7fe\n');
    await lines.shows(/got one/);
    lines.type(`tw${CTRL_P}o\n`);
    await lines.shows(/got tw\x10o/);
    lines.type(`three${CTRL_P}${CTRL_Q}`);
    assert.equal(await lines.ended, 0, lines.screen);
    assert.equal(await tinyd.ok('ps', '--format', '{{.Names}}'), 'lines\nsilent');

    const never = terminal(['attach', '--no-stdin', 'silent']);
    await never.shows(/tick/);
    never.type(CTRL_P + CTRL_Q);
    never.forget();
    await never.shows(/tick/);
    await tinyd.ok('kill', 'silent');
    assert.equal(await never.ended, 137);
  });

  it('pass a lone ctrl-p on once the next key shows it is no detach', async () => {
    const shell = terminal([
      'run',
      '--rm',
      '-it',
      'busybox',
      'sh',
      '-c',
      'stty raw -echo; dd bs=1 count=2 2>/dev/null | od -An -tx1',
    ]);
    await new Promise(resolve => setTimeout(resolve, 500));
    shell.type(`${CTRL_P}x`);
    await shell.shows(/10 78/);
    await shell.ended;
  });

  it('serve two attached clients at once', async () => {
    await tinyd.ok('run', '-dit', '--name', 'shared', 'busybox', 'sh');
    const one = terminal(['attach', 'shared']);
    const two = terminal(['attach', 'shared']);
    one.type('\n');
    await one.shows(/# /);
    await two.shows(/# /);
    one.type('echo from-$((40+2))\n');
    await one.shows(/from-42/);
    await two.shows(/from-42/);
    two.type('exit\n');
    assert.equal(await two.ended, 0);
    assert.equal(await one.ended, 0);
  });

  it('are given to exec as well', async () => {
    await tinyd.ok('run', '-d', '--name', 'host', 'busybox', 'sleep', '60');
    const shell = terminal(['exec', '-it', 'host', 'sh', '-c', 'stty size; exit 9'], 20, 66);
    await shell.shows(/20 66/);
    assert.equal(await shell.ended, 9);
  });

  it('refuse -t when standard input is none', async () => {
    const outcome = await tinyd.run(['run', '--rm', '-it', 'busybox', 'true']);
    assert.equal(outcome.code, 1, outcome.stderr);
    assert.match(outcome.stderr, /not a TTY/i);
  });
});
