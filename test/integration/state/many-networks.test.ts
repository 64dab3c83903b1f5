import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { useTinyd } from '../../support/use-tinyd';

const ip = (...words: string[]) => execFileSync('ip', words);
/** So many that it is kept what bridges they are plugged into. */
const COUNT = 18;
const LOOK = ['network', 'exists', 'bridge'] as const;

describe('networks of many containers that run', function () {
  this.timeout(90_000);
  const tinyd = useTinyd();
  const plugs = () => join(tinyd.env.TINYD_STATE ?? '', 'plugs');
  let bridge = '';

  /** Their files count as settled two seconds after they were written. */
  const remember = async () => {
    await sleep(2200);
    rmSync(plugs(), { recursive: true, force: true });
    await tinyd.ok(...LOOK);
    assert.equal(readFileSync(plugs(), 'utf8').trimEnd().split('\n').length, 1 + COUNT);
  };
  const seen = async () => (await tinyd.run(LOOK)).stderr;
  const veth = async (name: string) =>
    `veth${(await tinyd.ok('inspect', '-f', '{{.Id}}', name)).slice(0, 11)}`;

  before(async () => {
    await tinyd.ok('network', 'create', '-o', 'com.docker.network.bridge.name=br-many', 'many');
    for (let at = 0; at < COUNT; at++) {
      // Those that get other addresses publish nothing.
      const published = at < 6 ? ['-p', `${8200 + at}:80`] : [];
      await tinyd.ok('run', '-d', '--name', `c${at}`, ...published, 'busybox', 'sleep', '600');
    }
    bridge = (await tinyd.ok('inspect', '-f', '{{.NetworkSettings.Bridge}}', 'c0')).trim();
    await remember();
  });
  afterEach(async () => assert.equal(await seen(), ''));

  it('are whole, and nobody says otherwise', async () => {
    assert.equal(await seen(), '');
  });

  it('are mended where a container was unplugged that was seen before', async () => {
    ip('link', 'set', await veth('c3'), 'nomaster');
    assert.match(await seen(), /container c3 was unplugged from bridge/);
  });

  it('are mended where the bridge was deleted, or set down', async () => {
    ip('link', 'delete', bridge);
    assert.match(await seen(), /of network bridge had vanished: made it again, with 18 containers/);
    ip('link', 'set', bridge, 'down');
    assert.match(await seen(), /of network bridge was down/);
  });

  it('are mended where somebody flushed the rules, or some of the ports', async () => {
    execFileSync('nft', ['flush ruleset']);
    assert.match(await seen(), /removed the packet rules of network bridge: wrote them again, for 18 /);
    execFileSync('nft', ['flush map inet tinyd ports']);
    assert.match(await seen(), /removed packet rules for ports of network bridge: wrote them again/);
  });

  it('are mended where a container was connected since, and where it was seen to be', async () => {
    await tinyd.ok('network', 'connect', 'many', 'c5');
    ip('link', 'delete', 'br-many');
    assert.match(await seen(), /bridge br-many of network many had vanished/);
    await remember();
    ip('link', 'delete', 'br-many');
    assert.match(await seen(), /bridge br-many of network many had vanished/);
    await tinyd.ok('network', 'disconnect', 'many', 'c5');
    ip('link', 'delete', 'br-many');
    assert.equal(await seen(), '');
  });

  it('are mended where a container was started again since, with another address', async () => {
    await tinyd.ok('stop', '-t', '0', 'c7', 'c8');
    await tinyd.ok('start', 'c8', 'c7');
    assert.equal(await seen(), '');
    ip('link', 'set', await veth('c7'), 'nomaster');
    assert.match(await seen(), /container c7 was unplugged from bridge/);
    await remember();
  });

  it('are not mistaken where one has just ended, was removed or renamed', async () => {
    await tinyd.ok('rename', 'c9', 'c99');
    await tinyd.ok('kill', 'c10');
    await tinyd.ok('wait', 'c10');
    assert.equal(await seen(), '');
    await tinyd.ok('start', 'c10');
    await tinyd.ok('run', '-d', '--name', 'brief', 'busybox', 'sleep', '600');
    assert.equal(await seen(), '');
    await tinyd.ok('rm', '-f', 'brief');
    assert.equal(await seen(), '');
    await remember();
  });

  it('are looked at where what is kept of them is garbage, or cannot be kept', async () => {
    const spoilt: readonly (() => void)[] = [
      () => writeFileSync(plugs(), 'garbage\n'),
      () => writeFileSync(plugs(), readFileSync(plugs()).subarray(0, 900)),
      () => {
        rmSync(plugs());
        mkdirSync(plugs());
      },
    ];
    for (const spoil of spoilt) {
      await remember();
      spoil();
      assert.equal(await seen(), '');
      ip('link', 'set', await veth('c0'), 'nomaster');
      assert.match(await seen(), /container c0 was unplugged from bridge/);
    }
    assert.ok(existsSync(plugs()));
    rmSync(plugs(), { recursive: true });
  });
});
