import assert from 'node:assert/strict';
import { parseAddHost, parseHostname } from '../../../../packages/cli/dist/flags/network';
import { parseNetwork, readNetworks } from '../../../../packages/cli/dist/flags/networks';
import { refusal } from './refusal';

describe('network flags', () => {
  it('read networks', () => {
    assert.deepEqual(parseNetwork('network', 'default'), { network: 'bridge' });
    assert.deepEqual(parseNetwork('network', 'mynet'), { network: 'mynet' });
    const long = 'name=mynet,alias=a,Alias=b,ip=10.0.0.9,mac-address=02:42:00:00:00:01,gw-priority=-2';
    assert.deepEqual(parseNetwork('network', long), {
      network: 'mynet',
      aliases: ['a', 'b'],
      ip: '10.0.0.9',
      macAddress: '02:42:00:00:00:01',
      gwPriority: -2,
    });
    for (const text of ['alias=a', 'name=x,alias', 'name=x,color=red', 'name=x,gw-priority=high']) {
      assert.equal(
        refusal(() => parseNetwork('network', text)),
        'INVALID',
        text,
      );
    }
    assert.equal(
      refusal(() => parseNetwork('network', 'name=x,driver-opt=a')),
      'UNSUPPORTED',
    );
  });

  it('join networks and the flags beside them', () => {
    const none = { aliases: [], ip: undefined, ip6: undefined, macAddress: undefined };
    const read = (names: string[], more: object = {}) =>
      readNetworks({ networks: names.map(name => parseNetwork('network', name)), ...none, ...more });
    assert.deepEqual(read([]), { network: { mode: 'bridge' } });
    assert.deepEqual(read(['host']), { network: { mode: 'host' } });
    assert.deepEqual(read(['container:web']), { network: { mode: 'container', container: 'web' } });
    assert.deepEqual(read(['default'], { macAddress: 'x' }), {
      network: { mode: 'bridge' },
      endpoints: [{ network: 'bridge', macAddress: 'x' }],
    });
    assert.deepEqual(read(['a', 'name=b,alias=c'], { aliases: ['d'], ip: '10.0.0.2' }), {
      network: { mode: 'user', network: 'a' },
      endpoints: [
        { network: 'a', aliases: ['d'], ip: '10.0.0.2' },
        { network: 'b', aliases: ['c'] },
      ],
    });
    const refused: [string[], object][] = [
      [['container:'], {}],
      [['host'], { ip: '10.0.0.2' }],
      [['bridge', 'a'], {}],
      [['a', 'none'], {}],
      [['name=a,alias=b'], { aliases: ['c'] }],
      [['name=a,ip=10.0.0.2'], { ip: '10.0.0.3' }],
    ];
    for (const [names, more] of refused) {
      assert.equal(
        refusal(() => read(names, more)),
        'INVALID',
        names.join(),
      );
    }
  });

  it('read hosts', () => {
    assert.deepEqual(parseAddHost('add-host', 'db:10.0.0.2'), { name: 'db', address: '10.0.0.2' });
    assert.deepEqual(parseAddHost('add-host', 'db=::1'), { name: 'db', address: '::1' });
    assert.deepEqual(parseAddHost('add-host', 'db:[::1]'), { name: 'db', address: '::1' });
    assert.deepEqual(parseAddHost('add-host', 'h:host-gateway'), { name: 'h', address: 'host-gateway' });
    for (const text of ['db', 'db:', ':1.2.3.4', 'db:1.2.3', 'a b:1.2.3.4']) {
      assert.equal(
        refusal(() => parseAddHost('add-host', text)),
        'INVALID',
        text,
      );
    }
    assert.equal(parseHostname('hostname', 'web-1.example'), 'web-1.example');
    assert.equal(
      refusal(() => parseHostname('hostname', 'a\nb')),
      'INVALID',
    );
  });
});
