import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { PLAIN } from './images';
import { useEngine } from './suite';

describe('networks', () => {
  const engine = useEngine();

  afterEach(async () => {
    const ids = (await engine.ok('ps', '-aq')).split('\n').filter(Boolean);
    if (ids.length > 0) await engine.ok('rm', '-f', ...ids);
    await engine.run(['network', 'rm', 'tdnet1', 'tdnet2']);
  });

  const start = (name: string, ...flags: string[]): Promise<string> =>
    engine.ok('run', '-d', '--name', name, ...flags, PLAIN, 'sleep', '100');
  const reaches = async (from: string, to: string): Promise<boolean> =>
    (await engine.run(['exec', from, 'ping', '-c', '1', '-W', '1', to])).code === 0;
  const endpoint = (name: string, network: string, key: string): Promise<string> =>
    engine.ok('inspect', '-f', `{{(index .NetworkSettings.Networks "${network}").${key}}}`, name);

  it('are created, listed, inspected and removed', async () => {
    const id = await engine.ok(
      'network',
      'create',
      '--subnet',
      '192.168.111.0/24',
      '--gateway',
      '192.168.111.1',
      '--label',
      'a=b',
      'tdnet1',
    );
    assert.match(id, /^[0-9a-f]{64}$/);
    assert.equal(await engine.ok('network', 'ls', '-qf', 'name=tdnet1'), id.slice(0, 12));
    assert.equal(
      await engine.ok('network', 'ls', '-f', 'label=a', '--format', '{{.Name}} {{.Driver}} {{.Scope}}'),
      'tdnet1 bridge local',
    );
    assert.match(await engine.ok('network', 'ls'), /^NETWORK ID +NAME +DRIVER +SCOPE\n/);
    for (const name of ['bridge', 'host', 'none'])
      assert.equal((await engine.run(['network', 'inspect', name])).code, 0);
    const format =
      '{{.Name}} {{.Driver}} {{.Internal}} {{range .IPAM.Config}}{{.Subnet}} {{.Gateway}}{{end}} {{.Labels.a}}';
    assert.equal(
      await engine.ok('network', 'inspect', '-f', format, id.slice(0, 10)),
      'tdnet1 bridge false 192.168.111.0/24 192.168.111.1 b',
    );
    assert.equal(await engine.ok('inspect', '-f', '{{.Name}}', 'tdnet1'), 'tdnet1');
    assert.equal(await engine.ok('inspect', '--type', 'network', '-f', '{{.Id}}', 'tdnet1'), id);
    const range = '{{range .IPAM.Config}}[{{.IPRange}}]{{end}}';
    assert.equal(await engine.ok('network', 'inspect', '-f', range, 'tdnet1'), '[]');
    assert.equal((await engine.run(['network', 'create', 'tdnet1'])).code, 1);
    assert.equal(
      (await engine.run(['network', 'create', '--subnet', '192.168.111.128/25', 'tdnet2'])).code,
      1,
    );
    for (const name of ['bridge', 'host', 'none', 'absent'])
      assert.notEqual((await engine.run(['network', 'rm', name])).code, 0, name);
    assert.equal(await engine.ok('network', 'rm', 'tdnet1'), 'tdnet1');
    assert.equal((await engine.run(['network', 'inspect', 'tdnet1'])).code, 1);
  });

  it('and volumes are found by a pattern of their names', async () => {
    await engine.ok('network', 'create', 'tdnet1');
    await engine.ok('network', 'create', 'tdnet2');
    await engine.ok('volume', 'create', 'tdvol1');
    const found = (type: string, pattern: string) =>
      engine.ok(type, 'ls', '--filter', `name=${pattern}`, '--format', '{{.Name}}');
    try {
      assert.equal(await found('network', '^tdnet1$'), 'tdnet1');
      assert.equal(await found('network', 'dnet[12]'), 'tdnet1\ntdnet2');
      assert.equal(await found('network', '^dnet'), '');
      assert.equal(await found('volume', '^tdvol.$'), 'tdvol1');
      assert.equal(await found('volume', '^dvol'), '');
    } finally {
      await engine.ok('volume', 'rm', 'tdvol1');
    }
  });

  it('bring back what a container publishes when it has lost its last one', async () => {
    await engine.ok('network', 'create', 'tdnet1');
    await engine.ok('network', 'create', 'tdnet2');
    await start('main', '--network', 'tdnet1', '-p', '127.0.0.1:8099:80');
    await engine.ok('network', 'disconnect', 'tdnet1', 'main');
    await engine.ok('network', 'connect', 'tdnet2', 'main');
    assert.equal(await engine.ok('port', 'main'), '80/tcp -> 127.0.0.1:8099');
    await engine.ok('network', 'disconnect', 'tdnet2', 'main');
    await engine.ok('restart', '-t', '0', 'main');
    assert.equal(await engine.ok('exec', 'main', 'ls', '/sys/class/net'), 'lo');
    assert.equal(await engine.ok('port', 'main'), '');
    await engine.ok('network', 'connect', 'tdnet1', 'main');
    assert.equal(await engine.ok('port', 'main'), '80/tcp -> 127.0.0.1:8099');
  });

  it('give addresses, names and aliases to their containers', async () => {
    await engine.ok('network', 'create', '--subnet', '192.168.111.0/24', 'tdnet1');
    await start('one', '--network', 'tdnet1');
    await start('two', '--network', 'tdnet1', '--ip', '192.168.111.77', '--network-alias', 'deux');
    assert.equal(await endpoint('one', 'tdnet1', 'IPAddress'), '192.168.111.2');
    assert.equal(await endpoint('two', 'tdnet1', 'IPAddress'), '192.168.111.77');
    for (const name of ['two', 'deux', '192.168.111.77']) assert.ok(await reaches('one', name), name);
    assert.match(await engine.ok('exec', 'one', 'cat', '/etc/resolv.conf'), /^nameserver 127\.0\.0\.11$/m);
    assert.equal(
      await engine.ok('ps', '-f', 'network=tdnet1', '--format', '{{.Names}} {{.Networks}}'),
      'two tdnet1\none tdnet1',
    );
    const members = await engine.ok(
      'network',
      'inspect',
      '-f',
      '{{range .Containers}}{{.Name}}={{.IPv4Address}} {{end}}',
      'tdnet1',
    );
    assert.deepEqual(members.trim().split(' ').sort(), ['one=192.168.111.2/24', 'two=192.168.111.77/24']);
    assert.notEqual((await engine.run(['network', 'rm', 'tdnet1'])).code, 0);
    for (const ip of ['192.168.111.77', '10.0.0.1']) {
      const flags = ['--network', 'tdnet1', '--ip', ip];
      assert.equal((await engine.run(['run', '--rm', ...flags, PLAIN, 'true'])).code, 125, ip);
    }
  });

  it('are apart, unless a container is on both', async () => {
    for (const name of ['tdnet1', 'tdnet2']) await engine.ok('network', 'create', name);
    await start('one', '--network', 'tdnet1');
    await start('two', '--network', 'tdnet2');
    const address = await endpoint('two', 'tdnet2', 'IPAddress');
    assert.equal(await reaches('one', address), false);
    assert.equal(await reaches('one', 'two'), false);
    await engine.ok('network', 'connect', '--alias', 'uno', 'tdnet2', 'one');
    assert.ok(
      (await reaches('one', 'two')) && (await reaches('two', 'uno')) && (await reaches('one', address)),
    );
    for (const name of ['tdnet2', 'host'])
      assert.equal((await engine.run(['network', 'connect', name, 'one'])).code, 1, name);
    await engine.ok('network', 'disconnect', 'tdnet2', 'one');
    assert.equal(await reaches('one', address), false);
    assert.equal(await reaches('two', 'uno'), false);
    assert.equal((await engine.run(['network', 'disconnect', 'tdnet2', 'one'])).code, 1);
  });

  it('that are internal lead nowhere', async () => {
    await engine.ok('network', 'create', '--internal', 'tdnet1');
    await start('one', '--network', 'tdnet1');
    await start('two', '--network', 'tdnet1');
    assert.ok(await reaches('one', 'two'));
    assert.equal(await engine.ok('network', 'inspect', '-f', '{{.Internal}}', 'tdnet1'), 'true');
    await start('three');
    assert.equal(await reaches('one', await endpoint('three', 'bridge', 'IPAddress')), false);
  });

  it('tell of their default one what its link is called', async () => {
    await start('one');
    const option = '{{index .Options "com.docker.network.bridge.name"}}';
    const link = await engine.ok('network', 'inspect', '-f', option, 'bridge');
    const gateway = await endpoint('one', 'bridge', 'Gateway');
    const shown = execFileSync('ip', ['-br', 'address', 'show', 'dev', link], { encoding: 'utf8' });
    assert.ok(shown.includes(` ${gateway}/`), shown);
  });

  it('are refused in combinations that make no sense', async () => {
    await engine.ok('network', 'create', 'tdnet1');
    for (const flags of [
      ['--network', 'bridge', '--network', 'tdnet1'],
      ['--network', 'absent'],
      ['--ip', '192.168.111.5'],
      ['--network-alias', 'x'],
      ['--network', 'name=tdnet1,alias=a', '--network-alias', 'b'],
    ]) {
      assert.equal((await engine.run(['run', '--rm', ...flags, PLAIN, 'true'])).code, 125, flags.join(' '));
    }
  });

  it('hand out addresses of a range, those of IPv6 too, and the hardware address that was asked for', async () => {
    const range = [
      '--subnet',
      '192.168.111.0/24',
      '--ip-range',
      '192.168.111.128/25',
      '--gateway',
      '192.168.111.1',
    ];
    await engine.ok('network', 'create', ...range, '--ipv6', '--subnet', 'fd00:111::/64', 'tdnet1');
    await start('one', '--network', 'tdnet1', '--mac-address', '02:42:11:22:33:44');
    await start('two', '--network', 'tdnet1', '--ip6', 'fd00:111::77');
    assert.equal(await endpoint('one', 'tdnet1', 'IPAddress'), '192.168.111.128');
    assert.equal(await engine.ok('exec', 'one', 'cat', '/sys/class/net/eth0/address'), '02:42:11:22:33:44');
    assert.match(await endpoint('one', 'tdnet1', 'GlobalIPv6Address'), /^fd00:111::[0-9a-f]+$/);
    assert.equal(await endpoint('two', 'tdnet1', 'GlobalIPv6Address'), 'fd00:111::77');
    assert.ok(await reaches('one', 'fd00:111::77'));
  });
});
