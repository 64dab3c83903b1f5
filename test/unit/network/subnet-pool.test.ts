import { strict as assert } from 'node:assert';
import { formatSubnet, overlaps, parseSubnet } from '../../../packages/runtime/dist/network/ipv4';
import { linkIndex } from '../../../packages/runtime/dist/network/link-index';
import { chooseSubnet, poolSubnets } from '../../../packages/runtime/dist/network/subnet-pool';

describe('the pool of subnets', () => {
  it('begins outside of what other engines choose', () => {
    assert.equal(formatSubnet(chooseSubnet([])), '10.201.0.0/20');
    for (const foreign of [
      '172.17.0.0/16',
      '10.88.0.0/16',
      '10.96.0.0/12',
      '10.244.0.0/16',
      '192.168.122.0/24',
    ]) {
      assert.equal(overlaps(chooseSubnet([]), parseSubnet(foreign)), false, foreign);
    }
  });

  it('has no two subnets that overlap, nor two addresses of one link index', () => {
    const subnets = [...poolSubnets()];
    const indexes = new Set(subnets.map(subnet => linkIndex(subnet.base)));
    assert.equal(indexes.size, subnets.length);
    for (const index of indexes) assert.ok(index > 100 && index < 2 ** 31, String(index));
    for (const [position, subnet] of subnets.entries()) {
      assert.equal(
        subnets.findIndex(other => overlaps(subnet, other)),
        position,
      );
    }
  });

  it('goes on to the next one that is free', () => {
    const taken = ['10.201.0.0/24', '10.201.16.0/20'].map(parseSubnet);
    assert.equal(formatSubnet(chooseSubnet(taken)), '10.201.32.0/20');
    assert.equal(formatSubnet(chooseSubnet([parseSubnet('10.0.0.0/8')])), '172.30.0.0/20');
  });

  it('ends with an error when the host uses all of it', () => {
    const all = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].map(parseSubnet);
    assert.throws(() => chooseSubnet(all), { code: 'ERR_TINYD_NETWORK_FAILED' });
  });
});
