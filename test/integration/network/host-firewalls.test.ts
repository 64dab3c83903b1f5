import { strict as assert } from 'node:assert';
import { HOST_ADDRESS, Lab, OUTSIDE_ADDRESS } from './namespace';

const WEB = { hostPort: 8080, containerPort: 80, protocol: 'tcp' } as const;

describe('firewalls of the host', () => {
  let lab: Lab;
  const id = (digit: string) => digit.repeat(64);

  beforeEach(async () => {
    lab = await Lab.create();
  });
  afterEach(() => lab.close());

  for (const tool of ['iptables', 'iptables-legacy']) {
    it(`passes a FORWARD chain of ${tool} that drops by policy`, async () => {
      await lab.host.run(`${tool} -P FORWARD DROP`);
      const web = await lab.start('web', [WEB]);
      await web.listen('tcp', 80, 'web');
      await lab.outside.listen('tcp', 7, 'outside');
      assert.match(await lab.outside.ask('tcp', HOST_ADDRESS, 8080), /^web /);
      assert.match(await web.ask('tcp', OUTSIDE_ADDRESS, 7), /^outside /);
      await lab.host.run(`${tool} -F FORWARD`);
      assert.equal(await lab.outside.knock('tcp', HOST_ADDRESS, 8080), 'timeout');
      await lab.attach(id('a'), []);
      await lab.attach(id('b'), []);
      assert.match(await lab.outside.ask('tcp', HOST_ADDRESS, 8080), /^web /);
      const rules = (await lab.host.run(`${tool} -S FORWARD`)).trim().split('\n');
      assert.equal(rules.length, 3, rules.join('\n'));
      await lab.network('resetNetwork', lab.root);
      assert.equal((await lab.host.run(`${tool} -S FORWARD`)).trim(), '-P FORWARD DROP');
    });

    it(`passes a FORWARD chain of ${tool} that ends with a reject`, async () => {
      await lab.host.run(`${tool} -A FORWARD -d 203.0.113.1 -j DROP`);
      const web = await lab.start('web', [WEB]);
      await web.listen('tcp', 80, 'web');
      await lab.outside.listen('tcp', 7, 'outside');
      assert.doesNotMatch(await lab.host.run(`${tool} -S FORWARD`), /-j ACCEPT/, 'nothing is in the way');
      await lab.host.run(`${tool} -A FORWARD -j REJECT --reject-with icmp-host-prohibited`);
      await lab.attach(id('a'), []);
      assert.match(await lab.outside.ask('tcp', HOST_ADDRESS, 8080), /^web /);
      assert.match(await web.ask('tcp', OUTSIDE_ADDRESS, 7), /^outside /);
    });
  }

  describe('with tables of their own', () => {
    /** The chain that such a host has for forwarded packets. */
    const forward = (policy: string, ...rules: string[]) => {
      const chain = `{ type filter hook forward priority 0; policy ${policy}; ct state established accept; ${rules.map(rule => `${rule}; `).join('')}}`;
      return lab.host.request('run', 'nft', `table inet filter { chain forward ${chain}; }`);
    };
    /** What a start says, and whether its container reaches the machine outside. */
    const start = async (name: string): Promise<{ said: string; reaches: boolean }> => {
      const container = await lab.start(name, []);
      await lab.outside.listen('tcp', 7, 'outside').catch(() => {});
      const answer = await container.knock('tcp', OUTSIDE_ADDRESS, 7);
      return { said: lab.told(name).join(), reaches: answer.startsWith('outside ') };
    };

    for (const [policy, ...rules] of [['drop'], ['accept', 'counter drop'], ['accept', 'reject']] as const) {
      it(`are told of, with what to do, where they end in ${rules[0] ?? 'a policy that drops'}`, async () => {
        await forward(policy, 'iifname "eth7" accept', ...rules);
        const before = await start('a');
        assert.equal(before.reaches, false);
        const commands = before.said.split(': ').at(-1)?.split('; ') ?? [];
        assert.equal(commands.length, 2, before.said);
        for (const command of commands) await lab.host.run(command);
        assert.deepEqual(await start('b'), { said: '', reaches: true });
      });
    }

    it('are not told of where they name the bridge, or let pass what they do not name', async () => {
      await forward('accept', 'ip daddr 203.0.113.1 drop');
      assert.deepEqual(await start('a'), { said: '', reaches: true });
      await lab.host.run('nft delete table inet filter');
      await forward('drop', `iifname ${lab.settings('a').bridge} drop`);
      assert.deepEqual(await start('b'), { said: '', reaches: false });
    });
  });
});
