import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { httpGet } from '../../support/http';
import { useTinyd } from '../../support/use-tinyd';

describe('connecting containers to networks', function () {
  this.timeout(60_000);
  const tinyd = useTinyd();
  before(async () => {
    await tinyd.ok('network', 'create', '--subnet', '192.168.101.0/24', 'one');
    await tinyd.ok('network', 'create', '--subnet', '192.168.102.0/24', '--subnet', 'fd00:102::/64', 'two');
    await start('peer', '--network', 'two');
  });
  afterEach(async () => {
    const ids = (await tinyd.ok('ps', '-aq', '-f', 'name=box')).split('\n').filter(Boolean);
    if (ids.length > 0) await tinyd.ok('rm', '-f', ...ids);
  });

  const start = (name: string, ...flags: string[]): Promise<string> =>
    tinyd.ok('run', '-d', '--name', name, ...flags, 'busybox', 'sleep', '1000');
  const inside = (script: string, name = 'box'): Promise<string> =>
    tinyd.ok('exec', name, 'sh', '-c', script);
  const reaches = async (name: string, from = 'box'): Promise<boolean> =>
    (await tinyd.run(['exec', from, 'ping', '-c', '1', '-W', '1', name])).code === 0;
  const map = (network: string): string =>
    readFileSync(join(tinyd.root, 'networks', `${network}.bitmap`), 'latin1');
  const networks = (): Promise<string> =>
    tinyd.ok('inspect', '-f', '{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}', 'box');
  const refused = async (code: string, ...args: string[]): Promise<void> => {
    assert.match((await tinyd.run(args)).stderr, new RegExp(`ERR_TINYD_${code}`), args.join(' '));
  };

  it('gives a running one an interface, addresses and names, and takes them back', async () => {
    await start('box', '--network', 'one');
    assert.equal(await reaches('peer'), false);
    await tinyd.ok('network', 'connect', '--alias', 'crate', '--ip', '192.168.102.77', 'two', 'box');
    assert.match(await inside('ip -o addr show eth1'), /inet 192\.168\.102\.77\/24.*inet6 fd00:102::4d\/64/s);
    assert.ok(await reaches('peer'));
    assert.ok(await reaches('crate', 'peer'));
    assert.match(await inside('ip route'), /default via 192\.168\.101\.1 /, 'the way out stays');
    assert.match(await inside('ip -6 route'), /default via fd00:102::1 /, 'there was none for IPv6');
    assert.match(await inside('cat /etc/hosts'), /^192\.168\.102\.77\t/m);
    assert.equal((await networks()).trim(), 'one two');
    await refused('OPTION_INVALID', 'network', 'connect', 'two', 'box');
    await tinyd.ok('network', 'disconnect', 'two', 'box');
    assert.equal(await inside('ls /sys/class/net'), 'eth0\nlo');
    assert.equal(await reaches('crate', 'peer'), false);
    assert.equal(await reaches('peer'), false);
    assert.doesNotMatch(await inside('cat /etc/hosts'), /192\.168\.102/);
    assert.equal(map('two')[77], '0');
    await refused('OPTION_INVALID', 'network', 'disconnect', 'two', 'box');
    await tinyd.ok('network', 'disconnect', '-f', 'two', 'box');
  });

  it('gives one that was on the default network alone its names, and takes them back', async () => {
    await start('box');
    const before = await inside('cat /etc/resolv.conf');
    await tinyd.ok('network', 'connect', 'two', 'box');
    assert.ok(await reaches('peer'));
    assert.ok(await reaches('box', 'peer'));
    assert.match(await inside('cat /etc/resolv.conf'), /^nameserver 127\.0\.0\.11\n/);
    assert.notEqual(await inside('cat /etc/resolv.conf'), before);
    await tinyd.ok('network', 'disconnect', 'two', 'box');
    assert.equal(await reaches('peer'), false);
    assert.match((await tinyd.run(['exec', 'box', 'nslookup', 'peer'])).stdout, /can't find/);
    await tinyd.ok('network', 'connect', 'two', 'box');
    assert.ok(await reaches('peer'), 'a second time');
    await tinyd.ok('restart', '-t', '0', 'box');
    assert.ok(await reaches('peer'));
  });

  it('lasts over a stop, and is given back at the end', async () => {
    const id = await start('box', '--rm');
    await tinyd.ok('network', 'connect', '--ip', '192.168.102.78', 'two', 'box');
    assert.equal(map('two')[78], '1');
    await tinyd.ok('stop', '-t', '0', id);
    await tinyd.run(['wait', id]);
    for (let waited = 0; map('two')[78] === '1' && waited < 100; waited++)
      await new Promise(resolve => setTimeout(resolve, 20));
    assert.equal(map('two')[78], '0', 'the monitor of a --rm container knows what was connected later');
    await start('box', '--network', 'one');
    await tinyd.ok('network', 'connect', '--ip', '192.168.102.79', 'two', 'box');
    await tinyd.ok('restart', '-t', '0', 'box');
    assert.match(await inside('ip -o -4 addr show eth1'), /192\.168\.102\.79/);
    assert.ok(await reaches('peer'));
  });

  it('changes what one that does not run starts with', async () => {
    await tinyd.ok('create', '--name', 'box', 'busybox', 'sleep', '1000');
    await tinyd.ok('network', 'connect', '--alias', 'crate', 'two', 'box');
    await tinyd.ok('network', 'disconnect', 'bridge', 'box');
    await tinyd.ok('start', 'box');
    assert.equal((await networks()).trim(), 'two');
    assert.ok(await reaches('peer'));
    assert.ok(await reaches('crate', 'peer'));
    await tinyd.ok('network', 'disconnect', 'two', 'box');
    assert.equal(await inside('ls /sys/class/net'), 'lo');
    assert.equal((await networks()).trim(), '');
    await tinyd.ok('network', 'connect', 'one', 'box');
    assert.match(await inside('ip route'), /default via 192\.168\.101\.1 /);
  });

  it('moves what is published to the way out that is left', async () => {
    await tinyd.ok(
      ...['run', '-d', '--name', 'box', '--network', 'one', '-p', '127.0.0.1:8095:80'],
      ...['busybox', 'httpd', '-f', '-h', '/www'],
    );
    await tinyd.ok('network', 'connect', 'two', 'box');
    assert.match(await httpGet('http://127.0.0.1:8095/'), /Welcome/);
    await tinyd.ok('network', 'disconnect', 'one', 'box');
    assert.match(await inside('ip route'), /default via 192\.168\.102\.1 /);
    assert.match(await httpGet('http://127.0.0.1:8095/'), /Welcome/);
    assert.equal(await tinyd.ok('port', 'box'), '80/tcp -> 127.0.0.1:8095');
  });

  it('publishes again with the next way out, once there was none, and lets others have the ports meanwhile', async () => {
    const web = ['busybox', 'httpd', '-f', '-h', '/www'];
    const port = ['-p', '127.0.0.1:8095:80'];
    await tinyd.ok('run', '-d', '--name', 'box', '--network', 'one', ...port, ...web);
    await tinyd.ok('port', 'add', 'box', '127.0.0.1:8096:80');
    await tinyd.ok('network', 'disconnect', 'one', 'box');
    assert.equal(await tinyd.ok('port', 'box'), '');
    await tinyd.ok('run', '-d', '--name', 'box2', ...port, ...web);
    await refused('PORT_TAKEN', 'network', 'connect', 'two', 'box');
    assert.equal(await inside('ls /sys/class/net'), 'lo');
    assert.equal((await networks()).trim(), '');
    await tinyd.ok('rm', '-f', 'box2');
    await tinyd.ok('network', 'connect', 'two', 'box');
    for (const each of [8095, 8096]) assert.match(await httpGet(`http://127.0.0.1:${each}/`), /Welcome/);
    await refused('PORT_TAKEN', 'run', '--rm', ...port, 'busybox', 'true');
    await tinyd.ok('restart', '-t', '0', 'box');
    assert.match(await httpGet('http://127.0.0.1:8096/'), /Welcome/);
    assert.match(await inside('ip route'), /default via 192\.168\.102\.1 /);
    await tinyd.ok('network', 'disconnect', 'two', 'box');
    const outcome = await tinyd.run(['restart', '-t', '0', 'box']);
    assert.match(outcome.stderr, /nothing is published: the container is on no network/);
    assert.equal(outcome.code, 0);
    await tinyd.ok('network', 'connect', 'one', 'box');
    assert.match(await httpGet('http://127.0.0.1:8095/'), /Welcome/);
  });

  it('is refused where it cannot be, and leaves nothing then', async () => {
    await start('box', '--network', 'host');
    await refused('OPTION_INVALID', 'network', 'connect', 'one', 'box');
    await refused('OPTION_INVALID', 'network', 'disconnect', 'host', 'box');
    await tinyd.ok('rm', '-f', 'box');
    await start('box', '--network', 'one');
    await refused('NETWORK_NOT_FOUND', 'network', 'connect', 'absent', 'box');
    await refused('CONTAINER_NOT_FOUND', 'network', 'connect', 'two', 'absent');
    await refused('ADDRESS_TAKEN', 'network', 'connect', '--ip', '192.168.102.2', 'two', 'box');
    await refused('OPTION_INVALID', 'network', 'connect', '--ip', '10.0.0.1', 'two', 'box');
    // A link that is in the way, as a helper of another container may be faster to make it.
    await inside('true');
    const index = 0x40a8_6650 /* 192.168.102.80 */;
    execFileSync('ip', ['link', 'add', 'tdrival0', 'index', String(index), 'type', 'bridge']);
    try {
      const outcome = await tinyd.run(['network', 'connect', '--ip', '192.168.102.80', 'two', 'box']);
      assert.notEqual(outcome.code, 0);
      assert.equal((await networks()).trim(), 'one');
      assert.equal(await inside('ls /sys/class/net'), 'eth0\nlo');
    } finally {
      execFileSync('ip', ['link', 'delete', 'tdrival0']);
    }
    // While the link is there its address counts as taken; afterwards it does not.
    await tinyd.ok('network', 'connect', '--ip', '192.168.102.80', 'two', 'box');
    assert.ok(await reaches('peer'));
  });
});
