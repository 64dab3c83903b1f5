import { strict as assert } from 'node:assert';
import { HOST_ADDRESS, Lab, type Namespace, OUTSIDE_ADDRESS } from './namespace';

const HOST6 = '2001:db8:1::1';
const OUTSIDE6 = '2001:db8:1::9';

describe('a network that the user makes, with IPv6', () => {
  let lab: Lab;
  let web: Namespace;
  let client: Namespace;

  before(async () => {
    lab = await Lab.create();
    await lab.host.run('ip -6 address add 2001:db8:1::1/64 dev ext0 nodad');
    await lab.outside.run('ip -6 address add 2001:db8:1::9/64 dev ext0 nodad');
    const options = { driver: 'bridge', internal: false, attachable: false, labels: {}, options: {} };
    await lab.host.request('createNetwork', lab.root, {
      ...{ ...options, auxAddresses: {}, ipv6: true },
      ...{ name: 'six', subnet: '192.168.66.0/24', subnet6: 'fd00:66::/64' },
    });
    const endpoints = [{ network: 'six' }];
    web = await lab.start('web', [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }], { endpoints });
    client = await lab.start('client', [], { endpoints });
    for (const namespace of [web, client, lab.outside]) await namespace.listen('tcp', 80, 'someone', '::');
  });
  after(() => lab.close());

  it('gives the same place in both subnets', () => {
    assert.equal(lab.settings('web').address, '192.168.66.2');
    assert.equal(lab.settings('web').address6, 'fd00:66::2');
    assert.equal(lab.settings('client').address6, 'fd00:66::3');
    assert.deepEqual(
      lab.settings('web').ports.map(({ hostIp, hostPort }) => `${hostIp} ${hostPort}`),
      ['0.0.0.0 8080', ':: 8080'],
    );
  });

  it('connects its containers', async () => {
    assert.equal(await client.ask('tcp', 'fd00:66::2', 80), 'someone fd00:66::3');
  });

  it('lets them out as the host', async () => {
    assert.equal(await client.ask('tcp', OUTSIDE6, 80), `someone ${HOST6}`);
  });

  it('publishes on every address of the host', async () => {
    assert.equal(await lab.outside.ask('tcp', HOST6, 8080), `someone ${OUTSIDE6}`);
    assert.match(await lab.host.ask('tcp', HOST6, 8080), /^someone /);
    assert.equal(await lab.host.ask('tcp', '::1', 8080), 'ECONNREFUSED');
    assert.match(await client.ask('tcp', HOST6, 8080), /^someone /);
    assert.match(await web.ask('tcp', HOST6, 8080), /^someone /);
    assert.match(await lab.outside.ask('tcp', HOST_ADDRESS, 8080), /^someone /);
  });

  it('drops what comes from outside straight to a container', async () => {
    await lab.outside.run(`ip -6 route add fd00:66::/64 via ${HOST6}`);
    assert.equal(await lab.outside.knock('tcp', 'fd00:66::2', 80), 'timeout');
  });

  for (const tool of ['iptables', 'iptables-legacy', 'ip6tables', 'ip6tables-legacy']) {
    it(`passes a FORWARD chain of ${tool} that drops by policy`, async () => {
      await lab.host.run(`${tool} -P FORWARD DROP`);
      await lab.attach('d'.repeat(64), [], { endpoints: [{ network: 'six' }] });
      assert.equal(await lab.outside.ask('tcp', HOST6, 8080), `someone ${OUTSIDE6}`);
      assert.equal(await client.ask('tcp', OUTSIDE6, 80), `someone ${HOST6}`);
      assert.match(await lab.outside.ask('tcp', HOST_ADDRESS, 8080), /^someone /);
      assert.match(await client.ask('tcp', OUTSIDE_ADDRESS, 80), /^someone /);
    });
  }
});
