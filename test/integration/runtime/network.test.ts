import { strict as assert } from 'node:assert';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CreateOptions } from '@tinyd/runtime';
import { BusyboxRoot } from './busybox-root';

describe('networks of containers', () => {
  let box: BusyboxRoot;
  beforeEach(() => {
    box = new BusyboxRoot();
  });
  afterEach(() => box.dispose());

  const BRIDGE: Partial<CreateOptions> = { network: { mode: 'bridge' } };
  const server = (ports: CreateOptions['ports']): CreateOptions =>
    box.options(['httpd', '-f', '-p', '80', '-h', '/etc'], { ...BRIDGE, ports });

  it('none: loopback alone', async () => {
    const { stdout } = await box.shell(
      'ip -o link | cut -d: -f2; ping -c 1 -W 1 127.0.0.1 > /dev/null && echo up',
    );
    assert.deepEqual(
      stdout.trim().split('\n'),
      ['lo', 'up'].map((line, index) => (index === 0 ? ' lo' : line)).map(line => line.trim()),
    );
  });

  it('host: the host’s interfaces, name and hosts file', async () => {
    const { stdout } = await box.shell('ls /sys/class/net | grep -c .; hostname; head -1 /etc/hosts', {
      network: { mode: 'host' },
    });
    const [links, name, hosts] = stdout.trim().split('\n');
    assert.ok(Number(links) >= 1);
    assert.equal(name, hostname());
    assert.equal(hosts, readFileSync('/etc/hosts', 'utf8').split('\n')[0]);
  });

  it('bridge: an address that hosts and inspect name, and a way out', async () => {
    const container = await box.runtime.create(
      box.options(
        [
          'sh',
          '-c',
          'ip -4 -o addr show eth0 | cut -d" " -f7; ip route | head -1 | cut -d" " -f1-3; cat /etc/hosts; sleep 60',
        ],
        {
          ...BRIDGE,
          hostname: 'web',
          addHosts: [{ name: 'gate', address: 'host-gateway' }],
        },
      ),
    );
    await container.start();
    const { NetworkSettings: settings } = container.inspect() as { NetworkSettings: Settings };
    let text = '';
    while (!text.includes('web\n')) {
      await sleep(10);
      text = '';
      for await (const entry of container.logs()) text += entry.text;
    }
    const [address, route, ...hosts] = text.trim().split('\n');
    assert.equal(address, `${settings.IPAddress}/${settings.IPPrefixLen}`);
    assert.equal(route, `default via ${settings.Gateway}`);
    assert.ok(hosts.includes(`${settings.IPAddress}\tweb`), text);
    assert.ok(hosts.includes(`${settings.Gateway}\tgate`), text);
    assert.equal(container.summary().address, settings.IPAddress);
    await container.stop({ timeout: 0 });
    assert.equal((container.inspect() as { NetworkSettings: Settings }).NetworkSettings.IPAddress, '');
  });

  it('published ports answer on the host, and are told', async () => {
    writeFileSync(join(box.layer, 'etc/index.html'), 'hello');
    const container = await box.runtime.create(
      server([{ containerPort: 80, protocol: 'tcp', hostIp: '127.0.0.1' }]),
    );
    await container.start();
    const [port] = container.summary().ports;
    assert.ok(port !== undefined && port.hostPort > 0);
    const reply = await retry(() =>
      fetch(`http://127.0.0.1:${port.hostPort}/`).then(answer => answer.text()),
    );
    assert.equal(reply, 'hello');
    const { NetworkSettings: settings } = container.inspect() as { NetworkSettings: Settings };
    assert.deepEqual(settings.Ports, {
      '80/tcp': [{ HostIp: '127.0.0.1', HostPort: String(port.hostPort) }],
    });
    const rival = await box.runtime.create(
      server([{ containerPort: 80, protocol: 'tcp', hostPort: port.hostPort, hostIp: '127.0.0.1' }]),
    );
    await assert.rejects(rival.start(), { code: 'ERR_TINYD_PORT_TAKEN' });
    await container.remove({ force: true });
    await rival.start();
    assert.equal(rival.summary().ports[0]?.hostPort, port.hostPort);
  });

  it('a port that a program holds is refused, and nothing stays', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await new Promise(resolve => holder.once('listening', resolve));
    const { port } = holder.address() as { port: number };
    const container = await box.runtime.create(
      server([{ containerPort: 80, protocol: 'tcp', hostPort: port }]),
    );
    await assert.rejects(container.start(), { code: 'ERR_TINYD_PORT_TAKEN' });
    holder.close();
    assert.equal(container.summary().status, 'created');
    await container.start();
  });

  it('container:ID shares the network and its files', async () => {
    const owner = await box.runtime.create(
      box.options(['sleep', '60'], { ...BRIDGE, hostname: 'owner', name: 'owner' }),
    );
    const guest = { network: { mode: 'container', container: 'owner' } } as const;
    await assert.rejects(box.run(['true'], guest), { code: 'ERR_TINYD_CONTAINER_STATE' });
    await owner.start();
    const address = owner.summary().address ?? '';
    const { stdout } = await box.shell(
      'ip -4 -o addr show eth0 | grep -o "inet [0-9.]*"; grep owner /etc/hosts',
      guest,
    );
    assert.deepEqual(stdout.trim().split('\n'), [`inet ${address}`, `${address}\towner`]);
    await assert.rejects(box.runtime.create(box.options(['true'], { ...guest, hostname: 'hh' })), {
      code: 'ERR_TINYD_OPTION_INVALID',
    });
  });

  it('--dns, --dns-search and the default resolv.conf', async () => {
    const { stdout } = await box.shell('cat /etc/resolv.conf', {
      ...BRIDGE,
      dns: ['9.9.9.9'],
      dnsSearch: ['a.b'],
      dnsOptions: ['ndots:1'],
    });
    assert.equal(stdout, 'nameserver 9.9.9.9\nsearch a.b\noptions ndots:1\n');
    const plain = await box.shell('grep -c "nameserver 127" /etc/resolv.conf', BRIDGE);
    assert.equal(plain.stdout.trim(), '0');
  });

  it('sysctls of the container’s own namespaces', async () => {
    const { stdout } = await box.shell(
      'cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/net/ipv4/ping_group_range /proc/sys/net/core/somaxconn /proc/sys/kernel/msgmax',
      { sysctls: { 'net.core.somaxconn': '77', 'kernel.msgmax': '8000' } },
    );
    assert.deepEqual(stdout.trim().split(/\s+/), ['0', '0', '2147483647', '77', '8000']);
  });
});

interface Settings {
  readonly IPAddress: string;
  readonly IPPrefixLen: number;
  readonly Gateway: string;
  readonly Ports: object;
}

async function retry<T>(attempt: () => Promise<T>): Promise<T> {
  for (let round = 0; ; round++) {
    try {
      return await attempt();
    } catch (error) {
      if (round === 100) throw error;
      await sleep(20);
    }
  }
}
