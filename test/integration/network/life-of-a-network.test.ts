import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { HOST_ADDRESS, Lab, OUTSIDE_ADDRESS } from './namespace';

const WEB = { hostPort: 8080, containerPort: 80, protocol: 'tcp' } as const;

/** The rules as nft(8) writes them. */
const RULES = [
  'iifname "lo" accept',
  'ip daddr 127.0.0.0/8 drop',
  'ip saddr 127.0.0.0/8 drop',
  'ip daddr @subnets iifname != @bridges drop',
  'dnat ip to ip daddr . meta l4proto . th dport map @address_ports',
  'meta nfproto 2 dnat ip to meta l4proto . th dport map @ports',
  'meta nfproto 2 fib daddr type 2 jump publish',
  'meta nfproto 2 fib daddr type 2 jump publish',
  'ct state 0x2,0x4 accept',
  'iifname . oifname @links accept',
  'iifname @internal drop',
  'oifname @bridges ct status 0x20 accept',
  'oifname @bridges drop',
  'ip saddr 127.0.0.0/8 oifname @bridges masquerade',
  'ip saddr @subnets oifname @bridges ct status 0x20 masquerade',
  'ip saddr @masqueraded oifname != @bridges masquerade',
  'ip6 daddr @subnets6 iifname != @bridges drop',
  'dnat ip6 to ip6 daddr . meta l4proto . th dport map @address_ports6',
  'meta nfproto 10 dnat ip6 to meta l4proto . th dport map @ports6',
  'meta nfproto 10 fib daddr type 2 jump publish6',
  'meta nfproto 10 fib daddr type 2 jump publish6',
  'ip6 daddr ::1 accept',
  'ip6 saddr @subnets6 oifname @bridges ct status 0x20 masquerade',
  'ip6 saddr @masqueraded6 oifname != @bridges masquerade',
];

describe('life of the default network', () => {
  let lab: Lab;
  const id = (digit: string) => digit.repeat(64);
  const map = () => readFileSync(`${lab.root}/networks/bridge.bitmap`, 'latin1');

  beforeEach(async () => {
    lab = await Lab.create();
  });
  afterEach(() => lab.close());

  it('gives each of many containers that start at once an address of its own', async () => {
    const outputs = await lab.host.request<string[]>('attachMany', lab.root, 20);
    assert.equal(new Set(outputs).size, 20);
    assert.equal(map().slice(0, 24), `${'1'.repeat(22)}00`);
  });

  it('works after a start was killed at any moment', async () => {
    await lab.host.request('killWhileAttaching', lab.root);
    const web = await lab.start('web', [WEB]);
    await web.listen('tcp', 80, 'web');
    assert.match(await lab.outside.ask('tcp', HOST_ADDRESS, 8080), /^web /);
    assert.match(await lab.host.ask('tcp', '127.0.0.1', 8080), /^web /);
  });

  it('collects the addresses of killed starts when no other is left', async () => {
    await lab.start('web', []);
    const size = 4096;
    await lab.host.request(
      'call',
      '../../../test/dist/integration/network/damage',
      'fillMap',
      lab.root,
      size,
    );
    const { settings } = await lab.attach(id('a'), []);
    assert.equal(settings.address, '10.201.0.3');
    assert.equal(map().slice(0, 6), '111100');
    assert.equal(map().slice(size - 2, size), '01');
  });

  it('rebuilds a lost address map from the links that are there', async () => {
    await lab.start('web', []);
    await lab.host.run(`rm ${lab.root}/networks/bridge.bitmap`);
    const { settings } = await lab.attach(id('a'), []);
    assert.equal(settings.address, '10.201.0.3');
  });

  it('does not give an address out again at once', async () => {
    const first = await lab.attach(id('a'), []);
    await lab.network('releaseNetwork', lab.root, first.settings);
    const second = await lab.attach(id('b'), []);
    assert.notEqual(second.settings.address, first.settings.address);
  });

  it('leaves what another container has by now when an old one is released again', async () => {
    const old = await lab.attach(id('a'), [WEB]);
    await lab.network('releaseNetwork', lab.root, old.settings);
    await lab.host.request('call', '../../../test/dist/integration/network/damage', 'rewind', lab.root, 4096);
    const web = await lab.start('web', [WEB]);
    await web.listen('tcp', 80, 'web');
    assert.equal(lab.settings('web').address, old.settings.address);
    await lab.network('releaseNetwork', lab.root, old.settings);
    assert.match(await lab.outside.ask('tcp', HOST_ADDRESS, 8080), /^web /);
    assert.equal(map().charAt(2), '1');
  });

  it('puts rules and published ports back after somebody flushed the firewall', async () => {
    const web = await lab.start('web', [WEB]);
    await web.listen('tcp', 80, 'web');
    await lab.host.run('nft flush ruleset');
    assert.equal(await lab.outside.ask('tcp', HOST_ADDRESS, 8080), 'ECONNREFUSED');
    await lab.attach(id('a'), []);
    assert.match(await lab.outside.ask('tcp', HOST_ADDRESS, 8080), /^web /);
  });

  it('makes a vanished bridge again, with the containers that were on it', async () => {
    const old = await lab.start('old', [WEB]);
    await old.listen('tcp', 80, 'old');
    await lab.host.run(`ip link delete ${lab.settings('old').bridge}`);
    const web = await lab.start('web', [{ ...WEB, hostPort: 8081 }]);
    await web.listen('tcp', 80, 'web');
    assert.match(await lab.host.ask('tcp', '127.0.0.1', 8081), /^web /);
    assert.match(await lab.host.ask('tcp', '127.0.0.1', 8080), /^old /);
    assert.match(await web.ask('tcp', lab.settings('old').address, 80), /^old /);
    assert.match(await old.ask('tcp', HOST_ADDRESS, 8080), /^old /);
  });

  it('refuses a link of its name that somebody else made', async () => {
    const { settings } = await lab.attach(id('a'), []);
    await lab.host.run(`ip link delete ${settings.bridge}`);
    await lab.host.run(`ip link add ${settings.bridge} type bridge`);
    await assert.rejects(lab.attach(id('b'), []), { code: 'ERR_TINYD_NETWORK_FAILED' });
  });

  it('takes another subnet where the host has addresses or routes in the first ones', async () => {
    await lab.host.run(`ip route add 10.201.0.0/20 via ${OUTSIDE_ADDRESS}`);
    await lab.host.run('ip address add 10.201.20.1/24 dev ext0');
    const { settings } = await lab.attach(id('a'), []);
    assert.equal(settings.gateway, '10.201.32.1');
  });

  it('takes another subnet when the host has come to use its own while the bridge was down', async () => {
    const first = await lab.attach(id('a'), []);
    await lab.host.run(`ip link delete ${first.settings.bridge}`);
    await lab.host.run(`ip route add 10.0.0.0/8 via ${OUTSIDE_ADDRESS}`);
    const { settings } = await lab.attach(id('b'), []);
    assert.equal(settings.gateway, '172.30.0.1');
    assert.doesNotMatch(await lab.host.run('nft list table inet tinyd'), /10\.201/);
  });

  it('keeps its subnet while a container has an address of it, and says why it cannot go on', async () => {
    await lab.start('web', []);
    await lab.host.run(`ip link delete ${lab.settings('web').bridge}`);
    await lab.host.run(`ip route add 10.0.0.0/8 via ${OUTSIDE_ADDRESS}`);
    await assert.rejects(lab.attach(id('b'), []), { code: 'ERR_TINYD_NETWORK_FAILED' });
  });

  it('keeps networks of two root folders apart', async () => {
    const web = await lab.start('web', []);
    await web.listen('tcp', 80, 'web');
    const other = await lab.attach(id('a'), [], { root: `${lab.root}/other` });
    assert.notEqual(other.settings.bridge, lab.settings('web').bridge);
    assert.equal(other.settings.gateway, '10.201.16.1');
    await lab.network('resetNetwork', `${lab.root}/other`);
    assert.match(await lab.host.ask('tcp', lab.settings('web').address, 80), /^web /);
    assert.match(await lab.host.run('nft list table inet tinyd'), /10\.201\.0\.0\/20/);
  });

  it('keeps what is published by another root folder when rules have to be written again', async () => {
    const web = await lab.start('web', [WEB]);
    await web.listen('tcp', 80, 'web');
    const damages = [
      'flush chain inet tinyd guard',
      // The table of an older tinyd, which had a chain less.
      'flush chain inet tinyd outbound; delete chain inet tinyd outbound',
      'flush table inet tinyd',
    ];
    for (const [index, damage] of damages.entries()) {
      await lab.host.request('run', 'nft', damage);
      await lab.attach(id(String(index)), [], { root: `${lab.root}/other` });
      assert.match(await lab.outside.ask('tcp', HOST_ADDRESS, 8080), /^web /, damage);
      assert.match(await lab.host.ask('tcp', '127.0.0.1', 8080), /^web /, damage);
    }
  });

  it('replaces a table that is no use', async () => {
    await lab.host.request(
      ...(['run', 'nft', 'add table inet tinyd; add set inet tinyd bridges { type ipv4_addr; }'] as const),
    );
    const web = await lab.start('web', [WEB]);
    await web.listen('tcp', 80, 'web');
    assert.match(await lab.outside.ask('tcp', HOST_ADDRESS, 8080), /^web /);
  });

  it('has rules that nft reads as they are meant', async () => {
    await lab.attach(id('a'), []);
    const listed = await lab.host.run('nft -nn list table inet tinyd');
    const rules = listed.split('\n').map(line => line.trim());
    for (const rule of RULES) assert.ok(rules.includes(rule), `${rule}\nis not among\n${listed}`);
    const chains = rules.slice(rules.findIndex(rule => rule.startsWith('chain ')));
    assert.equal(
      chains.filter(rule => rule !== '' && rule !== '}' && !/^(chain|type) /.test(rule)).length,
      RULES.length,
    );
  });

  it('names the root folder in the alias of its bridge', async () => {
    const { settings } = await lab.attach(id('a'), []);
    assert.match(
      await lab.host.run(`ip link show ${settings.bridge}`),
      new RegExp(`alias .* of ${lab.root}`),
    );
  });

  for (const passed of [true, false]) {
    it(`works where bridged frames ${passed ? '' : 'do not '}pass through the firewall of the host`, async () => {
      await lab.host.run(`sysctl -qw net.bridge.bridge-nf-call-iptables=${passed ? 1 : 0}`);
      await lab.host.run('iptables -P FORWARD DROP');
      const web = await lab.start('web', [WEB]);
      const client = await lab.start('client', []);
      await web.listen('tcp', 80, 'web');
      assert.match(await client.ask('tcp', lab.settings('web').address, 80), /^web /);
      for (const address of [HOST_ADDRESS, lab.settings('web').gateway]) {
        assert.match(await client.ask('tcp', address, 8080), /^web /);
        assert.match(await web.ask('tcp', address, 8080), /^web /);
      }
      assert.match(await lab.outside.ask('tcp', HOST_ADDRESS, 8080), /^web /);
    });
  }

  it('speaks no IPv6 and hears no router advertisements', async () => {
    await lab.start('web', []);
    const { bridge, hostVeth } = lab.settings('web');
    const settings = await lab.host.run(
      `sysctl -n net.ipv6.conf.${bridge}.disable_ipv6 net.ipv6.conf.${bridge}.accept_ra`,
    );
    assert.equal(settings, '1\n0\n');
    assert.equal(await lab.host.run(`ip -6 -br address show dev ${bridge}`), '');
    assert.doesNotMatch(await lab.host.run(`ip -br address show dev ${hostVeth}`), /fe80/);
  });

  it('leaves nothing when it is reset', async () => {
    await lab.host.run('sysctl -qw net.ipv4.ip_forward=0');
    const before = await lab.host.request('state');
    await lab.start('web', [WEB]);
    assert.notDeepEqual(await lab.host.request('state'), before);
    await lab.stop('web');
    await lab.network('resetNetwork', lab.root);
    assert.deepEqual(await lab.host.request('state'), before);
    assert.equal(await lab.host.run(`find ${lab.root}/networks -type f`), '');
  });
});
