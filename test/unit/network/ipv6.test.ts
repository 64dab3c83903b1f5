import { strict as assert } from 'node:assert';
import {
  contains6,
  formatIpv6,
  formatSubnet6,
  overlaps6,
  parseSubnet6,
  randomSubnet6,
  readIpv6,
  readSubnet6,
} from '../../../packages/runtime/dist/network/ipv6';

describe('IPv6 addresses', () => {
  // The forms of RFC 4291, section 2.2, and how RFC 5952 has them written.
  const forms: readonly [string, string][] = [
    ['::', '::'],
    ['::1', '::1'],
    ['FD00:0:0:0:0:0:0:1', 'fd00::1'],
    ['2001:db8::1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['fd00:77::', 'fd00:77::'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
  ];
  for (const [text, canonical] of forms) {
    it(`${text} is ${canonical}`, () => assert.equal(formatIpv6(readIpv6(text) ?? -1n), canonical));
  }

  for (const text of [
    '',
    ':',
    '1',
    ':::',
    '1::2::3',
    '12345::',
    'fe80::1%eth0',
    '::1/64',
    '1.2.3.4',
    'g::',
  ]) {
    it(`${JSON.stringify(text)} is none`, () => assert.equal(readIpv6(text), undefined));
  }

  it('make subnets', () => {
    const subnet = parseSubnet6('fd00:77::/64');
    assert.equal(formatSubnet6(subnet), 'fd00:77::/64');
    assert.ok(contains6(subnet, readIpv6('fd00:77::ffff:1') ?? 0n));
    assert.ok(!contains6(subnet, readIpv6('fd00:77:0:1::') ?? 0n));
    assert.ok(overlaps6(subnet, parseSubnet6('fd00::/16')));
    assert.ok(!overlaps6(subnet, parseSubnet6('fd00:78::/64')));
    assert.throws(() => parseSubnet6('fd00:77::1/64'), { code: 'ERR_TINYD_NETWORK_FAILED' });
    for (const text of ['fd00::/129', 'fd00::', 'x/64', '10.0.0.0/8'])
      assert.equal(readSubnet6(text), undefined);
  });

  it('are made up as unique local ones', () => {
    const texts = [randomSubnet6(), randomSubnet6()].map(formatSubnet6);
    assert.notEqual(texts[0], texts[1]);
    for (const text of texts) assert.match(text, /^fd[0-9a-f]{2}:.*::\/64$/);
  });
});
