import { strict as assert } from 'node:assert';
import { HOST_ADDRESS, Lab, type Namespace, OUTSIDE_ADDRESS } from './namespace';

/** Module of the agent's, by its place below the runtime's. */
const COUNT = '../../../test/dist/integration/network/count';

describe('reachability on the bridge', () => {
  let lab: Lab;
  let web: Namespace;
  let client: Namespace;
  let gateway: string;
  const seen = (port: number) => lab.host.request<string[]>('call', COUNT, 'datagramsSeen', port);

  before(async () => {
    lab = await Lab.create();
    web = await lab.start('web', [
      { hostPort: 8080, containerPort: 80, protocol: 'tcp' },
      { hostPort: 8080, containerPort: 80, protocol: 'udp' },
      { hostIp: '127.0.0.1', hostPort: 8081, containerPort: 80, protocol: 'tcp' },
      { hostIp: HOST_ADDRESS, hostPort: 8082, containerPort: 80, protocol: 'tcp' },
    ]);
    client = await lab.start('client', []);
    gateway = lab.settings('web').gateway;
    for (const protocol of ['tcp', 'udp'] as const) {
      await web.listen(protocol, 80, 'web');
      await web.listen(protocol, 9000, 'unpublished');
      await lab.outside.listen(protocol, 7, 'outside');
      await lab.host.listen(protocol, 7000, 'loopback', '127.0.0.1');
      await lab.host.listen(protocol, 7001, 'host');
    }
    // Some hosts accept packets that claim to come from themselves (clusters do); the kernel's own check is off then.
    await lab.host.run('sysctl -qw net.ipv4.conf.all.accept_local=1');
    for (const port of [7002, 7003]) await lab.host.request('call', COUNT, 'countDatagrams', port);
  });
  after(() => lab.close());

  for (const protocol of ['tcp', 'udp'] as const) {
    describe(`${protocol}, published on every address`, () => {
      it('answers the host on 127.0.0.1', async () => {
        assert.equal(await lab.host.ask(protocol, '127.0.0.1', 8080), `web ${gateway}`);
      });
      it('answers the host on its own address', async () => {
        assert.match(await lab.host.ask(protocol, HOST_ADDRESS, 8080), /^web /);
      });
      it('answers the host on the gateway address', async () => {
        assert.match(await lab.host.ask(protocol, gateway, 8080), /^web /);
      });
      it('answers a machine outside, and sees its address', async () => {
        assert.equal(await lab.outside.ask(protocol, HOST_ADDRESS, 8080), `web ${OUTSIDE_ADDRESS}`);
      });
      it('answers another container by the address of the host', async () => {
        assert.match(await client.ask(protocol, HOST_ADDRESS, 8080), /^web /);
      });
      it('answers another container by the gateway address', async () => {
        assert.match(await client.ask(protocol, gateway, 8080), /^web /);
      });
      it('answers the container itself by the address of the host', async () => {
        assert.match(await web.ask(protocol, HOST_ADDRESS, 8080), /^web /);
      });
      it('answers another container directly', async () => {
        const { address } = lab.settings('web');
        assert.equal(await client.ask(protocol, address, 80), `web ${lab.settings('client').address}`);
      });
      it('lets a container out by the address of the host', async () => {
        assert.equal(await client.ask(protocol, OUTSIDE_ADDRESS, 7), `outside ${HOST_ADDRESS}`);
      });
      it('lets a container reach a service of the host that listens on every address', async () => {
        assert.match(await client.ask(protocol, gateway, 7001), /^host /);
      });
    });

    it(`drops what comes from outside straight to a container's address, ${protocol}`, async () => {
      const { address } = lab.settings('web');
      await lab.outside.run(`ip route replace ${address}/32 via ${HOST_ADDRESS}`);
      assert.equal(await lab.outside.knock(protocol, address, 9000), 'timeout');
      assert.equal(await lab.outside.knock(protocol, address, 80), 'timeout');
    });
  }

  describe('published on 127.0.0.1', () => {
    it('answers the host there', async () => {
      assert.match(await lab.host.ask('tcp', '127.0.0.1', 8081), /^web /);
    });
    it('is closed on the other addresses of the host', async () => {
      assert.equal(await lab.outside.ask('tcp', HOST_ADDRESS, 8081), 'ECONNREFUSED');
      assert.equal(await client.ask('tcp', gateway, 8081), 'ECONNREFUSED');
      assert.equal(await lab.host.ask('tcp', HOST_ADDRESS, 8081), 'ECONNREFUSED');
    });
    it('is out of reach for a neighbour that sends to 127.0.0.1 over the wire', async () => {
      await routeLoopbackTo(lab.outside, 'ext0', HOST_ADDRESS);
      assert.equal(await lab.outside.knock('tcp', '127.0.0.1', 8081), 'timeout');
      assert.equal(await lab.outside.knock('tcp', '127.0.0.1', 8080), 'timeout');
    });
    it('would be in reach without the guard, which the next start puts back', async () => {
      await lab.host.run('nft flush chain inet tinyd guard');
      assert.match(await lab.outside.ask('tcp', '127.0.0.1', 8081), /^web /);
      await lab.start('later', []);
      assert.equal(await lab.outside.knock('tcp', '127.0.0.1', 8081), 'timeout');
      assert.match(await lab.host.ask('tcp', '127.0.0.1', 8081), /^web /);
      assert.match(await lab.outside.ask('tcp', HOST_ADDRESS, 8080), /^web /);
    });
  });

  describe('published on one address of the host', () => {
    it('answers there, from everywhere', async () => {
      assert.match(await lab.outside.ask('tcp', HOST_ADDRESS, 8082), /^web /);
      assert.match(await lab.host.ask('tcp', HOST_ADDRESS, 8082), /^web /);
      assert.match(await client.ask('tcp', HOST_ADDRESS, 8082), /^web /);
    });
    it('is closed on the others', async () => {
      assert.equal(await lab.host.ask('tcp', '127.0.0.1', 8082), 'ECONNREFUSED');
      assert.equal(await client.ask('tcp', gateway, 8082), 'ECONNREFUSED');
    });
  });

  describe('the loopback services of the host', () => {
    it('do not hear a container that routes 127.0.0.1 to the host', async () => {
      await routeLoopbackTo(client, 'eth0', gateway);
      assert.equal(await client.knock('udp', '127.0.0.1', 7000), 'timeout');
      assert.equal(await client.knock('tcp', '127.0.0.1', 7000), 'timeout');
    });
    it('would hear it without the guard', async () => {
      await lab.host.run('nft flush chain inet tinyd guard');
      assert.match(await client.ask('tcp', '127.0.0.1', 7000), /^loopback /);
      await client.knock('udp', gateway, 7003, { address: '127.0.0.1' });
      assert.deepEqual(await seen(7003), ['127.0.0.1']);
      await lab.start('last', []);
      assert.equal(await client.knock('tcp', '127.0.0.1', 7000), 'timeout');
    });
    it('are not told that a container is 127.0.0.1', async () => {
      await client.knock('udp', gateway, 7002, { address: '127.0.0.1' });
      await client.knock('udp', gateway, 7002);
      assert.deepEqual(await seen(7002), [lab.settings('client').address]);
    });
  });
});

/** Makes a machine send packets for 127.0.0.1 to a neighbour, as an attacker would. */
async function routeLoopbackTo(machine: Namespace, link: string, neighbour: string): Promise<void> {
  await machine.run('sysctl -qw net.ipv4.conf.all.route_localnet=1');
  await machine.run('ip rule add pref 10 lookup 77');
  await machine.run('ip rule add pref 20 lookup local');
  await machine.run('ip rule del pref 0');
  await machine.run(`ip route add 127.0.0.1/32 via ${neighbour} dev ${link} table 77`);
}
