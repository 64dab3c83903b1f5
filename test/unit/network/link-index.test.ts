import { strict as assert } from 'node:assert';
import { parseIpv4 } from '../../../packages/runtime/dist/network/ipv4';
import { linkIndex, linkIndexOf } from '../../../packages/runtime/dist/network/link-index';

describe('the index of an address', () => {
  it('is the same from its text as from its number', () => {
    for (const text of ['10.201.0.2', '172.30.255.254', '192.168.77.9', '223.255.255.255']) {
      assert.equal(linkIndexOf(text), linkIndex(parseIpv4(text)), text);
      assert.ok(linkIndexOf(text) > 0, text);
    }
  });
});
