import { strict as assert } from 'node:assert';
import { execFileSync, spawn } from 'node:child_process';
import { COMMAND, outcomeOf } from '../../support/tinyd';
import { useTinyd } from '../../support/use-tinyd';

const nft = (command: string) => execFileSync('nft', [command]);
const ip = (...words: string[]) => execFileSync('ip', words);
const SERVE = ['busybox', 'httpd', '-f', '-h', '/www'] as const;

/** Commands of all kinds that come next; what has to be there for the last ones, the first ones make. */
const NEXT: readonly (readonly string[])[] = [
  ['ps'],
  ['inspect', 'web'],
  ['port', 'web'],
  ['exec', 'web', 'true'],
  ['logs', 'web'],
  ['top', 'web'],
  ['stats', '--no-stream'],
  ['network', 'ls'],
  ['network', 'inspect', 'app'],
  ['system', 'df'],
  ['info'],
  ['container', 'exists', 'web'],
  ['start', 'web'],
  ['wait', 'ended'],
  ['volume', 'ls'],
  ['diff', 'web'],
  ['create', '--name', 'other', 'busybox'],
  ['run', '--rm', '--network', 'none', 'busybox', 'true'],
  ['rename', 'other', 'another'],
  ['rm', 'another'],
];

describe('networks that somebody damaged under containers that run', function () {
  this.timeout(60_000);
  const tinyd = useTinyd();
  let bridge = '';
  let veth = '';

  before(async () => {
    await tinyd.ok('network', 'create', '-o', 'com.docker.network.bridge.name=br-app', 'app');
    await tinyd.ok('run', '-d', '--name', 'web', '-p', '8094:80', ...SERVE);
    await tinyd.ok('run', '-d', '--name', 'app', '--network', 'app', '-p', '127.0.0.1:8095:80', ...SERVE);
    await tinyd.ok('run', '--name', 'ended', 'busybox', 'true');
    const [name = '', id = ''] = (
      await tinyd.ok('inspect', '-f', '{{.NetworkSettings.Bridge}} {{.Id}}', 'web')
    ).split(' ');
    [bridge, veth] = [name, `veth${id.slice(0, 11)}`];
  });

  const status = async (port: number) => (await fetch(`http://127.0.0.1:${port}/`)).status;

  /** Damages, sees that the next command says so on stderr alone, and that all is well behind it. */
  const damageAndSee = async (words: readonly string[], damage: () => unknown, expected: RegExp) => {
    const sound = await tinyd.run(words);
    await damage();
    const { code, stdout, stderr } = await tinyd.run(words);
    const name = `${words.join(' ')}: ${stderr}`;
    assert.match(stderr, expected, name);
    assert.equal(stderr.split('\n').length, 2, name);
    assert.doesNotMatch(stdout, /warning|somebody|bridge tinyd/, name);
    assert.equal(code, sound.code, name);
    assert.deepEqual([await status(8094), await status(8095)], [200, 200], name);
  };

  it('are whole to begin with: no command says anything', async () => {
    for (const words of NEXT) assert.equal((await tinyd.run(words)).stderr, '', words.join(' '));
    assert.deepEqual([await status(8094), await status(8095)], [200, 200]);
  });

  it('come back with whatever command comes next', async () => {
    for (const words of NEXT) {
      nft('flush ruleset');
      const { code, stderr } = await tinyd.run(words);
      const name = `${words.join(' ')}: ${stderr}`;
      assert.match(
        stderr,
        /^tinyd .*: warning: somebody had removed the packet rules of networks app, bridge: wrote them again, for 2 containers that run on them\n$/,
        name,
      );
      assert.equal(code, 0, name);
      assert.deepEqual([await status(8094), await status(8095)], [200, 200], name);
    }
  });

  const REPAIRS: readonly [string, () => unknown, RegExp][] = [
    [
      'a deleted bridge',
      () => ip('link', 'delete', bridge),
      /bridge tinyd-\w+ of network bridge had vanished: made it again, with 1 container that runs on it/,
    ],
    [
      'a bridge of a network of its own',
      () => ip('link', 'delete', 'br-app'),
      /bridge br-app of network app had vanished/,
    ],
    [
      'a bridge that was set down',
      () => ip('link', 'set', bridge, 'down'),
      /bridge tinyd-\w+ of network bridge was down: made it again/,
    ],
    [
      'a container that was unplugged',
      () => ip('link', 'set', veth, 'nomaster'),
      /container web was unplugged from bridge tinyd-\w+: plugged it in again/,
    ],
    [
      'a deleted table',
      () => nft('delete table inet tinyd'),
      /removed the packet rules of networks app, bridge/,
    ],
    [
      'a flushed table',
      () => nft('flush table inet tinyd'),
      /removed the packet rules of networks app, bridge/,
    ],
    [
      'a flushed chain',
      () => nft('flush chain inet tinyd forward'),
      /removed the packet rules of networks app, bridge/,
    ],
    [
      'a rule too many',
      () => nft('add rule inet tinyd forward drop'),
      /removed the packet rules of networks app, bridge/,
    ],
    [
      'a set without its networks',
      () => nft('flush set inet tinyd subnets'),
      /removed the packet rules of network (app|bridge)/,
    ],
    [
      'a map without its ports',
      () => nft('flush map inet tinyd ports'),
      /removed packet rules for ports of network bridge: wrote them again/,
    ],
    [
      'a map without ports of one address',
      () => nft('flush map inet tinyd address_ports'),
      /removed packet rules for ports of network app: wrote them again/,
    ],
  ];
  for (const [what, damage, expected] of REPAIRS) {
    it(`come back after ${what}`, async () => {
      for (const words of [
        ['ps', '-q'],
        ['exec', 'app', 'true'],
        ['network', 'ls', '-q'],
      ]) {
        await damageAndSee(words, damage, expected);
      }
    });
  }

  it('are told of by explain too', async () => {
    nft('flush ruleset');
    const { stdout, stderr } = await tinyd.run(['explain', 'web']);
    assert.match(stdout, /^ {2}Network +somebody had removed the packet rules of networks app, bridge/m);
    assert.match(stderr, /^tinyd explain: warning: somebody had removed/);
    assert.equal(await status(8094), 200);
    assert.doesNotMatch(await tinyd.ok('explain', 'web'), /somebody/);
  });

  it('without the privilege to mend them: says what is wrong, and what to run', async () => {
    const powerless = (...words: string[]) =>
      outcomeOf(
        spawn('setpriv', ['--bounding-set=-net_admin', '--inh-caps=-net_admin', COMMAND, ...words], {
          env: tinyd.env,
        }),
      );
    assert.equal((await powerless('ps')).stderr, '');
    ip('link', 'delete', bridge);
    for (const words of [
      ['ps', '-q'],
      ['exec', 'app', 'true'],
      ['explain', 'web'],
    ]) {
      const { code, stderr } = await powerless(...words);
      assert.match(
        stderr,
        /^tinyd \w+: warning: the bridge of network bridge has vanished under 1 container that runs, and this command lacks the privilege to mend that \(CAP_NET_ADMIN\): run tinyd ps as root of the host\n$/,
      );
      assert.equal(code, 0);
    }
    assert.match((await tinyd.run(['ps'])).stderr, /had vanished: made it again/);
    assert.equal(await status(8094), 200);
  });

  it('a container whose own link was deleted: says how it gets a new one', async () => {
    ip('link', 'delete', veth);
    for (const words of [['ps'], ['port', 'web']]) {
      assert.match(
        (await tinyd.run(words)).stderr,
        /container web has no interface on network bridge any more, somebody deleted link veth\w+: tinyd restart web gives it a new one\n$/,
      );
    }
    await tinyd.ok('restart', '-t', '0', 'web');
    assert.equal((await tinyd.run(['ps'])).stderr, '');
    assert.equal(await status(8094), 200);
  });

  it('are not suspected while containers start, end and change', async () => {
    const until = Date.now() + 4000;
    const commands: readonly (readonly string[])[] = [
      ['run', '-d', '--name', 'busy', '-p', '8096:80', ...SERVE],
      ['port', 'add', 'busy', '8097:80'],
      ['network', 'connect', 'app', 'busy'],
      ['restart', '-t', '0', 'busy'],
      ['port', 'rm', 'busy', '8097:80'],
      ['network', 'disconnect', 'app', 'busy'],
      ['kill', 'busy'],
      ['start', 'busy'],
      ['rm', '-f', 'busy'],
      ['run', '--rm', '-p', '8096:80', 'busybox', 'true'],
    ];
    await tinyd.ok(
      'run',
      '-d',
      '--name',
      'flaps',
      '--restart',
      'always',
      '-p',
      '8098:80',
      'busybox',
      'sleep',
      '0.2',
    );
    const silent = async (words: readonly string[]) => {
      const { stderr } = await tinyd.run(words);
      assert.equal(stderr, '', words.join(' '));
    };
    const changes = async () => {
      while (Date.now() < until) for (const words of commands) await silent(words);
    };
    const looks = async () => {
      while (Date.now() < until) for (const words of [['ps'], ['network', 'ls']]) await silent(words);
    };
    await Promise.all([changes(), looks(), looks()]);
    await tinyd.ok('rm', '-f', 'flaps');
  });

  it('in another network namespace are none of its business', async () => {
    const elsewhere = await outcomeOf(spawn('unshare', ['-n', COMMAND, 'ps', '-q'], { env: tinyd.env }));
    assert.deepEqual([elsewhere.code, elsewhere.stderr], [0, '']);
    assert.equal(elsewhere.stdout.split('\n').length, 3);
  });

  it('asks and says nothing once no container is on a bridge', async () => {
    await tinyd.ok('rm', '-f', 'web', 'app', 'ended');
    await tinyd.ok('run', '-d', '--name', 'alone', '--network', 'none', 'busybox', 'sleep', '300');
    nft('flush ruleset');
    for (const words of [['ps'], ['network', 'ls'], ['inspect', 'alone']]) {
      assert.equal((await tinyd.run(words)).stderr, '');
    }
    await tinyd.ok('rm', '-f', 'alone');
  });
});
