import assert from 'node:assert/strict';
import { parseExpose, parsePublish } from '../../../../packages/cli/dist/flags/ports';
import { refusal } from './refusal';

describe('--publish', () => {
  const read = (text: string) => parsePublish('publish', text);

  it('reads one port in all its forms', () => {
    assert.deepEqual(read('8080:80'), [{ protocol: 'tcp', hostPort: 8080, containerPort: 80 }]);
    assert.deepEqual(read('80'), [{ protocol: 'tcp', containerPort: 80 }]);
    assert.deepEqual(read(':80/udp'), [{ protocol: 'udp', containerPort: 80 }]);
    assert.deepEqual(read('127.0.0.1::80'), [{ hostIp: '127.0.0.1', protocol: 'tcp', containerPort: 80 }]);
    assert.deepEqual(read('127.0.0.1:0:80'), read('127.0.0.1::80'));
    assert.deepEqual(read('127.0.0.1:53:53/UDP'), [
      { hostIp: '127.0.0.1', protocol: 'udp', hostPort: 53, containerPort: 53 },
    ]);
    assert.deepEqual(read('[::1]:80:80'), [
      { hostIp: '::1', protocol: 'tcp', hostPort: 80, containerPort: 80 },
    ]);
  });

  it('unrolls ranges', () => {
    assert.deepEqual(
      read('7000-7002:8000-8002').map(port => [port.hostPort, port.containerPort]),
      [
        [7000, 8000],
        [7001, 8001],
        [7002, 8002],
      ],
    );
    assert.deepEqual(read('8000-8010:80'), [
      { protocol: 'tcp', hostPort: 8000, hostPortEnd: 8010, containerPort: 80 },
    ]);
    assert.equal(read('7000-7002').length, 3);
  });

  it('refuses what it is not', () => {
    for (const text of [
      '',
      ':',
      '0',
      '65536',
      '8080:',
      'a:80',
      '80-70',
      '1-2:1-3',
      '1.2.3:80:80',
      'host:80:80',
      '80/icmp',
      '-1',
    ]) {
      assert.equal(
        refusal(() => read(text), '--publish'),
        'INVALID',
        text,
      );
    }
    assert.equal(
      refusal(() => read('80/sctp')),
      'UNSUPPORTED',
    );
  });

  it('shares its ports with --expose', () => {
    assert.deepEqual(parseExpose('expose', '80-81/udp'), ['80/udp', '81/udp']);
    assert.equal(
      refusal(() => parseExpose('expose', '1:2')),
      'INVALID',
    );
  });
});
