import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { useTinyd } from '../../support/use-tinyd';

describe('networks that the user makes', function () {
  this.timeout(60_000);
  const tinyd = useTinyd();
  afterEach(async () => {
    await tinyd.removeContainers();
    await tinyd.ok('network', 'prune', '-f');
  });

  const file = (name: string): string => join(tinyd.root, 'networks', name);
  const map = (name: string): string => readFileSync(file(`${name}.bitmap`), 'latin1');
  const start = (name: string, ...flags: string[]): Promise<string> =>
    tinyd.ok('run', '-d', '--name', name, ...flags, 'busybox', 'sleep', '1000');
  const address = (name: string, network: string): Promise<string> =>
    tinyd.ok('inspect', '-f', `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`, name);
  const ping = async (from: string, to: string): Promise<boolean> =>
    (await tinyd.run(['exec', from, 'ping', '-c', '1', '-W', '1', to])).code === 0;
  const refused = async (code: string, ...args: string[]): Promise<string> => {
    const outcome = await tinyd.run(args);
    assert.notEqual(outcome.code, 0, args.join(' '));
    assert.match(outcome.stderr, new RegExp(`ERR_TINYD_${code}`), args.join(' '));
    return outcome.stderr;
  };

  it('give three containers .2, .3 and .4, and remember it', async () => {
    const id = await tinyd.ok('network', 'create', '--subnet', '192.168.77.0/24', 'net77');
    assert.match(id, /^[0-9a-f]{64}$/);
    for (const [index, name] of ['one', 'two', 'three'].entries()) {
      await start(name, '--network', 'net77');
      assert.equal(await address(name, 'net77'), `192.168.77.${index + 2}`);
    }
    assert.equal(map('net77').slice(0, 7), '1111100');
    assert.ok(await ping('one', '192.168.77.4'));
    await tinyd.ok('stop', '-t', '0', 'two');
    assert.equal(map('net77').slice(0, 7), '1110100');
    await start('four', '--network', id.slice(0, 12));
    assert.equal(await address('four', 'net77'), '192.168.77.5');
    const error = await refused('NETWORK_IN_USE', 'network', 'rm', 'net77');
    assert.match(error, /containers .*one.* are on it/);
    await tinyd.ok('rm', '-f', 'one', 'two', 'three', 'four');
    assert.equal(map('net77').slice(0, 7), '1100000');
    assert.equal(await tinyd.ok('network', 'rm', 'net77'), 'net77');
    assert.ok(!existsSync(file('net77.json')) && !existsSync(file('net77.bitmap')));
    assert.throws(() => execFileSync('ip', ['link', 'show', `br-${id.slice(0, 12)}`], { stdio: 'ignore' }));
  });

  it('keep apart what is on different ones, but for published ports', async () => {
    for (const name of ['left', 'right']) await tinyd.ok('network', 'create', name);
    await start('a', '--network', 'left');
    await tinyd.ok(
      'run',
      '-d',
      '--name',
      'web',
      '--network',
      'right',
      '-p',
      '8099:80',
      'busybox',
      'httpd',
      '-f',
    );
    await start('plain');
    const web = await address('web', 'right');
    assert.equal(await ping('a', web), false);
    assert.equal(await ping('plain', web), false);
    assert.equal(await ping('web', await address('plain', 'bridge')), false);
    const gateway = await tinyd.ok('network', 'inspect', '-f', '{{(index .IPAM.Config 0).Gateway}}', 'left');
    const request = `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 2 ${gateway} 8099`;
    assert.match(await tinyd.ok('exec', 'a', 'sh', '-c', request), /^HTTP\/1\.[01] 404/);
    await start('both', '--network', 'left', '--network', 'name=right,alias=x');
    assert.ok(await ping('both', web));
    assert.ok(await ping('both', await address('a', 'left')));
    assert.equal(await tinyd.ok('ps', '--format', '{{.Networks}}', '-f', 'name=both'), 'left,right');
    assert.equal(
      (await tinyd.ok('ps', '-f', 'network=right', '--format', '{{.Names}}')).split('\n').sort().join(),
      'both,web',
    );
  });

  it('let nothing out of an internal one, and publish nothing there', async () => {
    await tinyd.ok('network', 'create', '--internal', 'back');
    await start('a', '--network', 'back');
    await start('b', '--network', 'back');
    assert.ok(await ping('a', await address('b', 'back')));
    assert.equal(await tinyd.ok('exec', 'a', 'sh', '-c', 'ip route | grep -c default || true'), '0');
    await refused('OPTION_INVALID', 'run', '--network', 'back', '-p', '80', 'busybox', 'true');
    assert.equal(
      await tinyd.ok('network', 'ls', '--format', '{{.Name}} {{.Internal}}', '-f', 'name=back'),
      'back true',
    );
    // A route that somebody with CAP_NET_ADMIN makes leads nowhere either.
    await tinyd.ok('network', 'create', 'front');
    await start('c', '--network', 'front');
    const routed = await tinyd.ok('network', 'inspect', '-f', '{{(index .IPAM.Config 0).Gateway}}', 'back');
    const target = await address('c', 'front');
    const script = `ip route add default via ${routed} && ! ping -c 1 -W 1 ${target}`;
    await tinyd.ok(
      'run',
      '--rm',
      '--network',
      'back',
      '--cap-add',
      'NET_ADMIN',
      'busybox',
      'sh',
      '-c',
      script,
    );
  });

  it('take options of the bridge driver', async () => {
    await tinyd.ok(
      ...['network', 'create', '-o', 'com.docker.network.bridge.name=tdtest0'],
      ...['-o', 'com.docker.network.bridge.enable_icc=false', '-o', 'com.docker.network.driver.mtu=1400'],
      ...['-o', 'com.docker.network.bridge.host_binding_ipv4=127.0.0.1', 'special'],
    );
    await start('a', '--network', 'special', '-p', '8098:80');
    await start('b', '--network', 'special');
    assert.match(execFileSync('ip', ['link', 'show', 'tdtest0'], { encoding: 'utf8' }), /mtu 1400/);
    assert.match(await tinyd.ok('exec', 'a', 'ip', 'link', 'show', 'eth0'), /mtu 1400/);
    assert.equal(await ping('a', await address('b', 'special')), false);
    assert.equal(await tinyd.ok('port', 'a'), '80/tcp -> 127.0.0.1:8098');
    await refused('OPTION_UNSUPPORTED', 'network', 'create', '-o', 'color=red', 'other');
    await refused('OPTION_INVALID', 'network', 'create', '-o', 'mtu=9', 'other');
  });

  it('give chosen addresses, and say who has them', async () => {
    await tinyd.ok(
      ...['network', 'create', '--subnet', '192.168.78.0/24', '--gateway', '192.168.78.254'],
      ...['--ip-range', '192.168.78.16/29', '--aux-address', 'router=192.168.78.16', 'chosen'],
    );
    const mac = ['--mac-address', '02:00:00:00:00:99'];
    await start('a', '--network', 'chosen', '--ip', '192.168.78.77', ...mac, '--network-alias', 'db');
    assert.equal(await address('a', 'chosen'), '192.168.78.77');
    assert.match(await tinyd.ok('exec', 'a', 'ip', 'link', 'show', 'eth0'), /02:00:00:00:00:99/);
    assert.match(await tinyd.ok('exec', 'a', 'ip', 'route'), /default via 192.168.78.254/);
    const taken = await refused(
      ...([
        'ADDRESS_TAKEN',
        'run',
        '--network',
        'chosen',
        '--ip',
        '192.168.78.77',
        'busybox',
        'true',
      ] as const),
    );
    assert.match(taken, /container a has it/);
    for (const ip of ['192.168.78.254', '192.168.78.16', '192.168.78.255', '192.168.79.1', 'x']) {
      await refused('OPTION_INVALID', 'create', '--network', 'chosen', '--ip', ip, 'busybox', 'true');
    }
    for (let index = 17; index < 24; index++) {
      assert.equal(
        await address(await start(`c${index}`, '--network', 'chosen'), 'chosen'),
        `192.168.78.${index}`,
      );
    }
    const full = await refused('NETWORK_FULL', 'run', '-d', '--network', 'chosen', 'busybox', 'true');
    assert.match(full, /192\.168\.78\.16\/29/);
    await refused('OPTION_INVALID', 'create', '--ip', '10.0.0.1', 'busybox', 'true');
    await refused('OPTION_INVALID', 'create', '--network-alias', 'x', 'busybox', 'true');
  });

  it('refuse what overlaps, by the name of what is there', async () => {
    await tinyd.ok('network', 'create', '--subnet', '192.168.79.0/24', 'first');
    const clash = await refused('SUBNET_TAKEN', 'network', 'create', '--subnet', '192.168.0.0/16', 'second');
    assert.match(clash, /network first \(192\.168\.79\.0\/24\)/);
    execFileSync('ip', ['link', 'add', 'tdtest1', 'type', 'bridge']);
    execFileSync('ip', ['address', 'add', '192.168.80.1/24', 'dev', 'tdtest1']);
    try {
      const link = await refused(
        'SUBNET_TAKEN',
        'network',
        'create',
        '--subnet',
        '192.168.80.128/25',
        'second',
      );
      assert.match(link, /link tdtest1 \(192\.168\.80\.0\/24\)/);
    } finally {
      execFileSync('ip', ['link', 'delete', 'tdtest1']);
    }
    await refused('NAME_TAKEN', 'network', 'create', 'first');
    for (const name of ['bridge', 'host', 'none', 'default']) {
      await refused('NAME_TAKEN', 'network', 'create', name);
    }
    for (const name of ['../x', '.x', 'a b']) await refused('NAME_INVALID', 'network', 'create', name);
    for (const subnet of [
      '192.168.81.1/24',
      '192.168.81.0/31',
      '10.0.0.0/7',
      'fd00::1/64',
      'fe80::/64',
      'fd00::/125',
      '1.2.3.4',
      'x',
    ]) {
      await refused('OPTION_INVALID', 'network', 'create', '--subnet', subnet, 'second');
    }
    await refused('OPTION_UNSUPPORTED', 'network', 'create', '-d', 'overlay', 'second');
    await refused('NETWORK_NOT_FOUND', 'create', '--network', 'second', 'busybox', 'true');
    for (const name of ['bridge', 'host', 'none']) await refused('NETWORK_IN_USE', 'network', 'rm', name);
    assert.equal(
      await tinyd.ok('network', 'ls', '-q', '-f', 'type=custom', '--format', '{{.Name}}'),
      'first',
    );
  });

  it('are listed, inspected, found and removed as docker has it', async () => {
    const id = await tinyd.ok('network', 'create', '--subnet', '192.168.82.0/24', '--label', 'a=b', 'app');
    await start('web', '--network', 'app', '--network-alias', 'www');
    const [network] = JSON.parse(await tinyd.ok('network', 'inspect', 'app')) as Record<string, unknown>[];
    const container = await tinyd.ok('inspect', '-f', '{{.Id}}', 'web');
    assert.deepEqual(
      { ...network, Created: '' },
      {
        Name: 'app',
        Id: id,
        Created: '',
        Scope: 'local',
        Driver: 'bridge',
        EnableIPv4: true,
        EnableIPv6: false,
        IPAM: {
          Driver: 'default',
          Options: {},
          Config: [{ Subnet: '192.168.82.0/24', Gateway: '192.168.82.1' }],
        },
        Internal: false,
        Attachable: false,
        Ingress: false,
        ConfigFrom: { Network: '' },
        ConfigOnly: false,
        Containers: {
          [container]: {
            Name: 'web',
            MacAddress: '02:42:c0:a8:52:02',
            IPv4Address: '192.168.82.2/24',
            IPv6Address: '',
          },
        },
        Options: {},
        Labels: { a: 'b' },
      },
    );
    assert.equal(await tinyd.ok('inspect', '-f', '{{.Id}}', 'app'), id);
    assert.equal(await tinyd.ok('inspect', '--type', 'network', '-f', '{{.Id}}', 'app'), id);
    const ranges = '{{range .IPAM.Config}}[{{.IPRange}}]{{end}}';
    assert.equal(await tinyd.ok('network', 'inspect', '-f', ranges, 'app'), '[]');
    const rows = (await tinyd.ok('network', 'ls')).split('\n');
    assert.match(rows[0] ?? '', /^NETWORK ID +NAME +DRIVER +SCOPE$/);
    assert.match(rows[1] ?? '', new RegExp(`^${id.slice(0, 12)} +app +bridge +local$`));
    assert.deepEqual(
      rows.slice(2).map(row => row.split(/ +/).slice(1).join(' ')),
      ['bridge bridge local', 'host host local', 'none null local'],
    );
    assert.equal(await tinyd.ok('network', 'ls', '-f', 'dangling=true', '-q'), '');
    assert.equal(await tinyd.ok('network', 'ls', '-f', 'label=a', '-q', '--no-trunc'), id);
    assert.equal((await tinyd.run(['network', 'exists', 'app'])).code, 0);
    assert.equal((await tinyd.run(['network', 'exists', 'nope'])).code, 1);
    assert.equal(await tinyd.ok('network', 'rm', '-f', 'nope'), '');
    assert.equal(await tinyd.ok('network', 'prune', '-f'), '');
    await tinyd.ok('stop', '-t', '0', 'web');
    assert.equal(await tinyd.ok('network', 'prune', '-f'), 'Deleted Networks:\napp');
    await refused('NETWORK_NOT_FOUND', 'start', 'web');
  });

  it('come back, and say so, with whatever changes a running container next', async () => {
    for (const name of ['one', 'two']) await tinyd.ok('network', 'create', name);
    await start('a', '--network', 'one');
    await start('b', '--network', 'two');
    const bridge = (id: string) => `br-${id.slice(0, 12)}`;
    execFileSync('nft', ['delete', 'table', 'inet', 'tinyd']);
    const published = await tinyd.run(['port', 'add', 'a', '127.0.0.1:8096:80']);
    assert.match(
      published.stderr,
      /^tinyd port add: warning: somebody had removed the packet rules of networks one, two: wrote them again, for 2 containers that run on them\n$/,
    );
    assert.equal(published.stdout, '80/tcp -> 127.0.0.1:8096\n');
    execFileSync('nft', ['flush', 'ruleset']);
    const started = await tinyd.run(['start', 'a']);
    assert.match(
      started.stderr,
      /^tinyd start: warning: somebody had removed the packet rules of networks one, two: wrote them again, for 2 containers that run on them\n$/,
    );
    const map = execFileSync('nft', ['list', 'map', 'inet', 'tinyd', 'address_ports'], { encoding: 'utf8' });
    assert.match(map, /tcp \. 8096/);
    assert.equal((await tinyd.run(['start', 'a'])).stderr, '');
    const id = await tinyd.ok('network', 'inspect', '-f', '{{.Id}}', 'two');
    execFileSync('ip', ['link', 'delete', bridge(id)]);
    const connected = await tinyd.run(['network', 'connect', 'two', 'a']);
    assert.match(
      connected.stderr,
      /^tinyd network connect: warning: bridge br-\w+ of network two had vanished/,
    );
    assert.ok(await ping('a', await address('b', 'two')));
    for (const name of ['host', 'none']) {
      assert.match(await refused('OPTION_INVALID', 'network', 'connect', name, 'a'), /when it is created/);
    }
  });

  it('come back with their containers when rules are flushed and bridges vanish', async () => {
    const ids = new Map<string, string>();
    for (const name of ['one', 'two']) ids.set(name, await tinyd.ok('network', 'create', name));
    await start('a', '--network', 'one', '-p', '8097:80');
    await start('b', '--network', 'two');
    execFileSync('nft', ['flush', 'ruleset']);
    execFileSync('ip', ['link', 'delete', `br-${ids.get('one')?.slice(0, 12)}`]);
    await start('c', '--network', 'one');
    assert.ok(await ping('c', await address('a', 'one')));
    const rules = execFileSync('nft', ['list', 'table', 'inet', 'tinyd'], { encoding: 'utf8' });
    for (const id of ids.values()) assert.ok(rules.includes(`br-${id.slice(0, 12)}`), rules);
    assert.match(rules, /tcp \. 8097/);
  });
});
