import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BusyboxRegistry, startBusyboxRegistry } from '../../support/busybox-registry';
import { Tinyd } from '../../support/tinyd';

describe('macvlan networks', function () {
  this.timeout(60_000);
  let registry: BusyboxRegistry;
  let tinyd: Tinyd;

  const ip = (...args: string[]) => execFileSync('ip', args, { stdio: 'pipe' });

  before(async () => {
    // A segment with a machine on it: the two ends of a cable.
    ip('link', 'add', 'tdmac0', 'type', 'veth', 'peer', 'name', 'tdmac1');
    ip('address', 'add', '192.168.103.254/24', 'dev', 'tdmac1');
    for (const name of ['tdmac0', 'tdmac1']) ip('link', 'set', name, 'up');
    registry = await startBusyboxRegistry();
    tinyd = new Tinyd({ TINYD_REGISTRY_MIRROR: `docker.io=${registry.url}` });
    await tinyd.ok('pull', '-q', 'busybox');
    const lan = ['--subnet', '192.168.103.0/24', '--gateway', '192.168.103.254'];
    await tinyd.ok('network', 'create', '-d', 'macvlan', '-o', 'parent=tdmac0', ...lan, 'lan');
  });
  after(async () => {
    await tinyd.dispose();
    await registry.close();
    ip('link', 'delete', 'tdmac0');
  });
  afterEach(async () => {
    const ids = (await tinyd.ok('ps', '-aq')).split('\n').filter(Boolean);
    if (ids.length > 0) await tinyd.ok('rm', '-f', ...ids);
  });

  const start = (name: string, ...flags: string[]): Promise<string> =>
    tinyd.ok('run', '-d', '--name', name, ...flags, 'busybox', 'sleep', '1000');
  const reaches = async (from: string, to: string): Promise<boolean> =>
    (await tinyd.run(['exec', from, 'ping', '-c', '1', '-W', '2', to])).code === 0;
  const map = (): string => readFileSync(join(tinyd.root, 'networks', 'lan.bitmap'), 'latin1');
  const refused = async (code: string, ...args: string[]): Promise<void> => {
    assert.match((await tinyd.run(args)).stderr, new RegExp(`ERR_TINYD_${code}`), args.join(' '));
  };

  it('put containers on the segment of a link of the host', async () => {
    await start('a', '--network', 'lan');
    await start('b', '--network', 'lan', '--ip', '192.168.103.77', '--network-alias', 'bee');
    assert.ok(await reaches('a', '192.168.103.254'), 'the other end of the cable');
    assert.ok(await reaches('a', 'bee'));
    assert.ok(await reaches('b', 'a'));
    assert.match(await tinyd.ok('exec', 'a', 'ip', 'route'), /default via 192\.168\.103\.254 /);
    assert.equal(
      await tinyd.ok('network', 'ls', '-f', 'driver=macvlan', '--format', '{{.Name}} {{.Driver}}'),
      'lan macvlan',
    );
    assert.equal(`${map().slice(0, 4)} ${map()[77]} ${map()[254]}`, '1100 1 1', 'the gateway is kept free');
    await refused('ADDRESS_TAKEN', 'run', '--network', 'lan', '--ip', '192.168.103.77', 'busybox', 'true');
    await refused('NETWORK_IN_USE', 'network', 'rm', 'lan');
    await tinyd.ok('rm', '-f', 'a', 'b');
    assert.equal(map()[77], '0');
  });

  it('are joined and left by running containers', async () => {
    await tinyd.ok('network', 'create', 'app');
    await start('box', '--network', 'app');
    await tinyd.ok('network', 'connect', '--ip', '192.168.103.78', 'lan', 'box');
    assert.ok(await reaches('box', '192.168.103.254'));
    await tinyd.ok('network', 'disconnect', 'lan', 'box');
    assert.equal(await tinyd.ok('exec', 'box', 'ls', '/sys/class/net'), 'eth0\nlo');
    assert.equal(map()[78], '0');
    await tinyd.ok('rm', '-f', 'box');
    await tinyd.ok('network', 'rm', 'app');
  });

  it('are refused where they cannot be', async () => {
    await refused('OPTION_INVALID', 'run', '--network', 'lan', '-p', '80', 'busybox', 'true');
    await refused('OPTION_INVALID', 'network', 'create', '-d', 'macvlan', 'x');
    await refused('NETWORK_FAILED', 'network', 'create', '-d', 'macvlan', '-o', 'parent=absent0', 'x');
    await refused(
      'OPTION_INVALID',
      'network',
      'create',
      '-d',
      'macvlan',
      '-o',
      'parent=tdmac0',
      '-o',
      'macvlan_mode=odd',
      'x',
    );
    await refused(
      'OPTION_UNSUPPORTED',
      'network',
      'create',
      '-d',
      'macvlan',
      '-o',
      'parent=tdmac0',
      '-o',
      'color=red',
      'x',
    );
    await refused('OPTION_UNSUPPORTED', 'network', 'create', '-d', 'ipvlan', '-o', 'parent=tdmac0', 'x');
    assert.equal(await tinyd.ok('network', 'ls', '-q', '-f', 'name=x'), '');
  });
});
