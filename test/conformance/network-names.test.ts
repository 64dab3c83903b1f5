import { strict as assert } from 'node:assert';
import { PLAIN } from './images';
import { useEngine } from './suite';

const NETWORK = 'conformance-names';
/** Nobody is asked outside: what is unknown is told at once, on a host without a name server too. */
const OTHER = 'conformance-others';

describe('names on a network', () => {
  // Hooks of one kind run in the order of these lines: the networks go while the engine is there.
  after(() => engine.run(['network', 'rm', NETWORK, OTHER]));
  const engine = useEngine();
  before(async () => {
    for (const name of [NETWORK, OTHER]) await engine.ok('network', 'create', '--internal', name);
  });
  beforeEach(() => start('client', '--network', NETWORK));

  const start = (name: string, ...flags: string[]): Promise<string> =>
    engine.ok('run', '-d', '--name', name, ...flags, PLAIN, 'sleep', '100');
  const addressOf = (name: string, network = NETWORK): Promise<string> =>
    engine.ok('inspect', '-f', `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`, name);
  /** What nslookup says of a name, without what it says of its server; SERVFAIL where it says so. */
  const look = async (name: string, type = 'a'): Promise<string[]> => {
    const { stdout } = await engine.run(['exec', 'client', 'nslookup', `-type=${type}`, name]);
    const [server = '', ...answer] = stdout.split(/\n\n/);
    assert.match(server, /Address:\s+127\.0\.0\.11(:53)?$/m);
    const lines = answer.join('\n').split('\n');
    const facts = lines.map(line => /(?:^Address: |name = |: )(\S+)$/.exec(line)?.[1] ?? '');
    return facts.filter(fact => fact !== '' && fact !== name).sort();
  };

  it('are those of its containers: name, alias, short ID, and each below the name of the network', async () => {
    const id = await start('web', '--network', NETWORK, '--network-alias', 'www');
    const address = await addressOf('web');
    for (const name of ['web', 'WEB', 'www', id.slice(0, 12), `web.${NETWORK}`, `www.${NETWORK}`]) {
      assert.deepEqual(await look(name), [address], name);
    }
    const reverse = `${address.split('.').reverse().join('.')}.in-addr.arpa`;
    assert.deepEqual(await look(reverse, 'ptr'), [`web.${NETWORK}`]);
    assert.deepEqual(await look('client'), [await addressOf('client')]);
  });

  it('may be shared', async () => {
    for (const name of ['one', 'two']) await start(name, '--network', NETWORK, '--network-alias', 'both');
    assert.deepEqual(await look('both'), [await addressOf('one'), await addressOf('two')].sort());
  });

  it('have nothing but addresses, which is not the same as not being there', async () => {
    assert.deepEqual(await look('client', 'aaaa'), []);
    assert.deepEqual(await look('client', 'mx'), []);
    assert.deepEqual(await look('nowhere', 'aaaa'), ['SERVFAIL']);
  });

  it('go with the containers, and are not those of other networks', async () => {
    await start('web', '--network', NETWORK);
    await start('far', '--network', OTHER);
    assert.equal((await look('web')).length, 1);
    await engine.ok('rm', '-f', 'web');
    assert.deepEqual(await look('web'), ['SERVFAIL']);
    assert.deepEqual(await look('far'), ['SERVFAIL']);
  });

  it('are looked for as resolv.conf says', async () => {
    const lines = async (...flags: string[]) => {
      const text = await engine.inside('cat /etc/resolv.conf', '--network', NETWORK, ...flags);
      return text.split('\n').filter(line => line !== '' && !line.startsWith('#'));
    };
    assert.deepEqual(await lines('--dns', '192.0.2.1', '--dns-search', 'ex.org', '--dns-option', 'rotate'), [
      'nameserver 127.0.0.11',
      'search ex.org',
      'options rotate ndots:0',
    ]);
    assert.deepEqual((await lines('--dns-search', '.', '--dns-option', 'ndots:2')).slice(0, 2), [
      'nameserver 127.0.0.11',
      'options ndots:2',
    ]);
  });
});
