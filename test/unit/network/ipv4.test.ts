import { strict as assert } from 'node:assert';
import {
  formatHardwareAddress,
  formatIpv4,
  formatSubnet,
  hardwareAddress,
  overlaps,
  parseSubnet,
  readIpv4,
} from '../../../packages/runtime/dist/network/ipv4';

describe('IPv4 addresses', () => {
  it('are read and written in dotted decimal', () => {
    for (const text of ['0.0.0.0', '10.201.0.1', '192.168.255.254', '255.255.255.255']) {
      assert.equal(formatIpv4(readIpv4(text) ?? Number.NaN), text);
    }
  });

  for (const text of [
    '',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '01.2.3.4',
    '1.2.3.4 ',
    '0x1.2.3.4',
    '::1',
    '1.2.3.-4',
  ]) {
    it(`are not read from ${JSON.stringify(text)}`, () => assert.equal(readIpv4(text), undefined));
  }

  it('have a hardware address of their own', () => {
    assert.equal(formatHardwareAddress(hardwareAddress(readIpv4('172.30.1.254') ?? 0)), '02:42:ac:1e:01:fe');
  });
});

describe('subnets', () => {
  it('are read and written', () =>
    assert.equal(formatSubnet(parseSubnet('10.201.16.0/20')), '10.201.16.0/20'));

  for (const text of ['10.201.0.1/20', '10.0.0.0', '10.0.0.0/33', '10.0.0.0/-1', 'x/8', '10.0.0.0/']) {
    it(`are not read from ${JSON.stringify(text)}`, () =>
      assert.throws(() => parseSubnet(text), { code: 'ERR_TINYD_NETWORK_FAILED' }));
  }

  it('overlap when one holds the other, and only then', () => {
    const subnet = parseSubnet('10.201.16.0/20');
    for (const other of ['10.201.16.0/20', '10.0.0.0/8', '10.201.31.255/32', '0.0.0.0/0']) {
      assert.equal(overlaps(subnet, parseSubnet(other)), true, other);
      assert.equal(overlaps(parseSubnet(other), subnet), true, other);
    }
    for (const other of ['10.201.0.0/20', '10.201.32.0/20', '192.168.0.0/16']) {
      assert.equal(overlaps(subnet, parseSubnet(other)), false, other);
    }
  });
});
