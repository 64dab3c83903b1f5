import assert from 'node:assert/strict';
import { ResolverBox } from './resolver-box';

const SECOND = 'f'.repeat(64);
const FIRST = '0'.repeat(64);

describe('resolver: names of containers', () => {
  let box: ResolverBox;
  before(async () => {
    box = await ResolverBox.start();
  });
  after(() => box.remove());
  beforeEach(() => {
    box.serve({});
    box.join(FIRST, ['10.9.0.2', 'fd00:9::2'], ['web', 'www', '000000000000']);
  });
  afterEach(() => {
    for (const network of ['one', 'two']) for (const id of [FIRST, SECOND]) box.leave(id, network);
  });

  it('are answered with their addresses, IPv4 and IPv6, by UDP and TCP, in any case', async () => {
    for (const by of ['udp', 'tcp'] as const) {
      for (const name of ['web', 'WWW', 'wEb.oNe', '000000000000', 'web.']) {
        const four = await box.ask(name, { by });
        assert.deepEqual([four.code, four.data], ['ok', ['10.9.0.2']], `${by} ${name}`);
        assert.equal(four.name, name.replace(/\.$/, ''));
        assert.deepEqual((await box.ask(name, { by, type: 'AAAA' })).data, ['fd00:9::2']);
      }
    }
  });

  it('have no other records, which is not the same as not being there', async () => {
    for (const type of ['MX', 'TXT', 'CNAME', 'ANY'] as const) {
      const { code, data } = await box.ask('web', { type });
      assert.deepEqual([code, data], ['ok', []], type);
    }
    box.join(FIRST, ['10.9.0.2'], ['web']);
    const { code, data } = await box.ask('web', { type: 'AAAA' });
    assert.deepEqual([code, data], ['ok', []]);
  });

  it('lead back from the addresses', async () => {
    assert.deepEqual((await box.ask('2.0.9.10.in-addr.arpa', { type: 'PTR' })).data, ['web.one']);
    const reverse = `2.${'0.'.repeat(23)}9.0.0.0.0.0.d.f.ip6.arpa`;
    assert.deepEqual((await box.ask(reverse, { type: 'PTR' })).data, ['web.one']);
    assert.equal((await box.ask('3.0.9.10.in-addr.arpa', { type: 'PTR' })).code, 'failed');
  });

  it('come, change and go with the containers, at once', async () => {
    for (let round = 0; round < 20; round++) {
      assert.equal((await box.ask('db')).code, 'failed');
      box.join(SECOND, ['10.9.0.3'], ['db']);
      assert.deepEqual((await box.ask('db')).data, ['10.9.0.3']);
      box.join(SECOND, ['10.9.0.4'], ['db']);
      assert.deepEqual((await box.ask('db')).data, ['10.9.0.4']);
      box.leave(SECOND);
    }
  });

  it('that several containers share give all addresses, each of them first at times', async () => {
    box.join(SECOND, ['10.9.0.3'], ['db', 'www']);
    const firsts = new Set<string>();
    for (let round = 0; round < 30; round++) {
      const { data } = await box.ask('www');
      assert.deepEqual([...data].sort(), ['10.9.0.2', '10.9.0.3']);
      firsts.add(data[0] ?? '');
    }
    assert.equal(firsts.size, 2);
  });

  it('of another network are found once the container is on it, and no longer when it is not', async () => {
    box.join(SECOND, ['10.8.0.3'], ['cache', 'web'], 'two');
    assert.equal((await box.ask('cache')).code, 'failed');
    box.serve({ zones: [box.zone(), box.zone('two')] });
    assert.deepEqual((await box.ask('cache')).data, ['10.8.0.3']);
    assert.deepEqual((await box.ask('web')).data, ['10.9.0.2'], 'the first network answers');
    assert.deepEqual((await box.ask('web.two')).data, ['10.8.0.3']);
    box.serve({});
    assert.equal((await box.ask('cache')).code, 'failed');
  });

  it('are many: a hundred aliases, a thousand containers; cut by UDP, whole by TCP', async () => {
    const aliases = Array.from({ length: 100 }, (_, index) => `alias${index}`);
    box.join(SECOND, ['10.9.0.3'], ['db', ...aliases]);
    assert.deepEqual((await box.ask('alias99')).data, ['10.9.0.3']);
    const addresses = Array.from({ length: 1000 }, (_, index) => `10.7.${index >> 8}.${index & 255}`);
    box.join(SECOND, addresses, ['all']);
    const plain = await box.ask('all');
    assert.ok(plain.truncated && plain.bytes <= 512 && plain.data.length > 25, JSON.stringify(plain.bytes));
    const edns = await box.ask('all', { udpBytes: 4096 });
    assert.ok(edns.truncated && edns.bytes <= 4096 && edns.data.length > 250);
    assert.equal(edns.udpBytes, 1232);
    const whole = await box.ask('all', { by: 'tcp' });
    assert.ok(!whole.truncated);
    assert.deepEqual([...whole.data].sort(), [...addresses].sort());
    assert.deepEqual([...new Set(whole.ttls)], [60]);
  });

  it('are not looked for outside where the container’s own search list comes first', async () => {
    box.serve({ keepSingleLabels: true });
    assert.deepEqual(await box.ask('nowhere').then(({ code, data }) => [code, data]), ['ok', []]);
    assert.equal((await box.ask('nowhere.example')).code, 'failed');
    assert.equal((await box.ask('nowhere', { type: 'TXT' })).code, 'failed');
  });
});
