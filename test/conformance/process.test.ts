import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CONFIGURED, PLAIN } from './images';
import { useEngine } from './suite';

/** `K=V` lines by name, without the host name that differs from run to run. */
function variables(text: string): Record<string, string> {
  const pairs = text.split('\n').map(line => line.trim().split(/=(.*)/s).slice(0, 2));
  const named: Record<string, string> = Object.fromEntries(pairs);
  assert.match(named.HOSTNAME ?? '', /^[0-9a-f]{12}$/);
  delete named.HOSTNAME;
  return named;
}

describe('the process of a container', () => {
  const engine = useEngine();
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'conformance-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  const env = async (...flags: string[]) => withoutShell(variables(await engine.inside('env', ...flags)));

  it('is entrypoint and command, and arguments replace the command', async () => {
    assert.equal(await engine.ok('run', '--rm', CONFIGURED), 'entry command');
    assert.equal(await engine.ok('run', '--rm', CONFIGURED, 'one', 'two'), 'entry one two');
  });

  it('loses the command of the image with --entrypoint', async () => {
    assert.equal(await engine.ok('run', '--rm', '--entrypoint', '/bin/echo', CONFIGURED), '');
    assert.equal(await engine.ok('run', '--rm', '--entrypoint', '/bin/echo', CONFIGURED, 'x'), 'x');
    assert.equal(await engine.ok('run', '--rm', '--entrypoint', '', CONFIGURED, 'echo', 'y'), 'y');
    assert.equal((await engine.run(['run', '--rm', '--entrypoint', '', CONFIGURED])).code, 125);
  });

  it('has PATH, HOME and the variables of the image', async () => {
    const text = await engine.ok('run', '--rm', '--entrypoint', 'env', CONFIGURED);
    assert.deepEqual(variables(text), {
      PATH: '/bin:/usr/bin',
      GREETING: 'hello',
      EMPTY: '',
      HOME: '/home/app',
    });
  });

  it('has TERM on a terminal', async () => {
    const text = await engine.ok('run', '--rm', '-t', PLAIN, 'env');
    assert.deepEqual(variables(text), { PATH: '/bin:/usr/bin', TERM: 'xterm', HOME: '/root' });
  });

  it('takes -e from the words or from the host, the last one wins', async () => {
    process.env.CONFORMANCE_GIVEN = 'from host';
    const flags = ['CONFORMANCE_GIVEN', 'CONFORMANCE_ABSENT', 'A=1', 'A=2=3', 'NONE='].flatMap(each => [
      '-e',
      each,
    ]);
    try {
      assert.deepEqual(await env(...flags), {
        PATH: '/bin:/usr/bin',
        CONFORMANCE_GIVEN: 'from host',
        A: '2=3',
        NONE: '',
        HOME: '/root',
      });
    } finally {
      delete process.env.CONFORMANCE_GIVEN;
    }
  });

  it('loses a variable of the image that -e names and the host has not', async () => {
    const text = await engine.ok('run', '--rm', '-e', 'GREETING', '--entrypoint', 'env', CONFIGURED);
    assert.deepEqual(variables(text), { PATH: '/bin:/usr/bin', EMPTY: '', HOME: '/home/app' });
    await engine.ok('create', '--name', 'without', '-e', 'GREETING', CONFIGURED);
    assert.doesNotMatch(await engine.ok('inspect', '-f', '{{json .Config.Env}}', 'without'), /hello/);
  });

  it('reads --env-file without a shell', async () => {
    const file = join(folder, 'env');
    writeFileSync(file, '#c\nA=1\n  B=2\nC="q"\nCONFORMANCE_ABSENT\n\nE=x # y\n');
    const { PATH: _, HOME: __, ...rest } = await env('--env-file', file);
    assert.deepEqual(rest, { A: '1', B: '2', C: '"q"', E: 'x # y' });
    for (const text of ['A B=1\n', '=1\n']) {
      writeFileSync(file, text);
      assert.equal((await engine.run(['run', '--rm', '--env-file', file, PLAIN, 'true'])).code, 125, text);
    }
    assert.equal((await engine.run(['run', '--rm', '--env-file', `${file}-absent`, PLAIN])).code, 125);
  });

  it('works in a directory that is made for it, owned by root', async () => {
    const text = await engine.inside('pwd; stat -c "%a %u" /a /a/b/c', '-u', 'app', '-w', '/a/b/c');
    assert.deepEqual(text.split('\n'), ['/a/b/c', '755 0', '755 0']);
    assert.equal(await engine.ok('run', '--rm', '--entrypoint', 'pwd', CONFIGURED), '/srv/work');
  });

  const USERS: readonly (readonly [readonly string[], string, string])[] = [
    [[], 'uid=0(root) gid=0(root) groups=0(root)', '/root'],
    [['-u', 'root'], 'uid=0(root) gid=0(root) groups=0(root)', '/root'],
    [['-u', 'app'], 'uid=1000(app) gid=1000(app) groups=1000(app),2000(extra)', '/home/app'],
    [['-u', '1000'], 'uid=1000(app) gid=1000(app) groups=1000(app),2000(extra)', '/home/app'],
    [['-u', '1000:1000'], 'uid=1000(app) gid=1000(app) groups=1000(app)', '/home/app'],
    [['-u', 'app:root'], 'uid=1000(app) gid=0(root) groups=0(root)', '/home/app'],
    [['-u', '1234'], 'uid=1234 gid=0(root) groups=0(root)', '/'],
    [['-u', '1234:55'], 'uid=1234 gid=55 groups=55', '/'],
    [['-u', 'nobody'], 'uid=65534(nobody) gid=65534 groups=65534', '/'],
    [
      ['-u', 'app', '--group-add', '77', '--group-add', 'extra'],
      'uid=1000(app) gid=1000(app) groups=77,1000(app),2000(extra)',
      '/home/app',
    ],
  ];
  for (const [flags, id, home] of USERS) {
    it(`is ${id} with ${flags.join(' ') || 'no flags'}`, async () => {
      const [first, second] = (await engine.inside('id; echo $HOME', ...flags)).split('\n');
      assert.equal(sortGroups(first ?? ''), sortGroups(id));
      assert.equal(second, home);
    });
  }

  it('is PID 1, or the child of an init', async () => {
    assert.equal(await engine.inside('echo $$'), '1');
    assert.notEqual(await engine.inside('echo $$', '--init'), '1');
    assert.equal(await engine.inside('sleep 0.1 & exec true', '--init'), '');
  });
});

function sortGroups(text: string): string {
  return text.replace(/groups=(.*)/, (_, list: string) => `groups=${list.split(',').sort().join(',')}`);
}

/** What the shell itself sets. */
function withoutShell({
  SHLVL: _,
  PWD: __,
  OLDPWD: ___,
  ...rest
}: Record<string, string>): Record<string, string> {
  return rest;
}
