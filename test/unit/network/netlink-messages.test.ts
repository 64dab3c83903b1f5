import { strict as assert } from 'node:assert';
import { parseIpv4, parseSubnet } from '../../../packages/runtime/dist/network/ipv4';
import { addAddress, readAddressSubnet } from '../../../packages/runtime/dist/network/netlink/address';
import {
  createBridge,
  createVeth,
  raiseBridgePort,
  raiseLink,
  readLink,
} from '../../../packages/runtime/dist/network/netlink/link';
import {
  attribute,
  message,
  nested,
  readAttributes,
} from '../../../packages/runtime/dist/network/netlink/message';
import { addDefaultRoute, readRouteSubnet } from '../../../packages/runtime/dist/network/netlink/route';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('netlink attributes', () => {
  it('are padded to four bytes, without counting the padding', () => {
    assert.equal(hex(attribute(3, Buffer.from('eth0\0'))), '0900030065746830' + '00000000');
  });

  it('are found again by type, through nesting', () => {
    const bytes = Buffer.concat([
      attribute(1, Buffer.from('abcde')),
      nested(2, attribute(7, Buffer.from('x'))),
    ]);
    const found = readAttributes(bytes);
    assert.equal(found.get(1)?.toString(), 'abcde');
    assert.equal(
      readAttributes(found.get(2) ?? Buffer.alloc(0))
        .get(7)
        ?.toString(),
      'x',
    );
  });

  it('are left out from where they stop making sense', () => {
    const good = attribute(1, Buffer.from('good'));
    for (const bad of ['0300020000000000', '00000000', 'ff000200', '0800']) {
      const found = readAttributes(Buffer.concat([good, Buffer.from(bad, 'hex')]));
      assert.deepEqual([...found.keys()], [1], bad);
    }
  });
});

describe('netlink messages', () => {
  it('begin with length, type, flags, and room for number and port', () => {
    assert.equal(
      hex(message(0x102, 0x5, Buffer.from('aabbccdd', 'hex'))),
      `1400000002010500${'00'.repeat(8)}aabbccdd`,
    );
  });

  // What ip(8) of iproute2 sends, its numbers set to zero.
  it('add an address as ip does', () => {
    const bytes = addAddress(2, parseIpv4('10.201.0.1'), parseSubnet('10.201.0.0/20'));
    assert.equal(
      hex(bytes),
      '300000001400050600000000000000000214000002000000080002000ac90001080004000ac90fff080001000ac90001',
    );
  });

  it('add a default route as ip does', () => {
    assert.equal(
      hex(addDefaultRoute(parseIpv4('10.201.0.2'))),
      '2400000018000506000000000000000002000000fe03000100000000080005000ac90002',
    );
  });

  it('bring a link up as ip does', () => {
    assert.equal(hex(raiseLink(2)), '2000000010000500000000000000000000000000020000000100000001000000');
  });

  it('create a bridge with index, name and hardware address', () => {
    const bytes = createBridge({
      index: 0x0ac90001,
      name: 'br1',
      hardwareAddress: Buffer.from('02420ac90001', 'hex'),
    });
    const attributes = readAttributes(bytes.subarray(32));
    assert.equal(bytes.readUInt32LE(20), 0x0ac90001);
    assert.equal(attributes.get(1)?.toString('hex'), '02420ac90001');
    assert.equal(attributes.get(3)?.toString(), 'br1\0');
    assert.equal(attributes.get(18)?.toString('hex'), `0b000100${hex(Buffer.from('bridge\0'))}00`);
  });

  it('create a veth whose other end is in another namespace', () => {
    const bytes = createVeth({
      index: 77,
      name: 'v7',
      master: 5,
      peer: { index: 100, name: 'e7', hardwareAddress: Buffer.from('02420ac90002', 'hex'), namespaceFd: 9 },
    });
    const info = readAttributes(readAttributes(bytes.subarray(32)).get(18) ?? Buffer.alloc(0));
    const peer = readAttributes(info.get(2) ?? Buffer.alloc(0)).get(1) ?? Buffer.alloc(0);
    const attributes = readAttributes(peer.subarray(16));
    assert.equal(info.get(1)?.toString(), 'veth\0');
    assert.equal(readAttributes(bytes.subarray(32)).get(10)?.readUInt32LE(), 5);
    assert.equal(peer.readUInt32LE(4), 100);
    assert.equal(attributes.get(3)?.toString(), 'e7\0');
    assert.equal(attributes.get(28)?.readUInt32LE(), 9);
  });

  it('leave IPv6 out of a bridge port where the kernel has none', () => {
    const afSpec = (bytes: Buffer) => readAttributes(bytes.subarray(32)).get(26)?.toString('hex');
    const port = (quietIpv6: boolean) => raiseBridgePort(4, { quietIpv6, isolated: false });
    assert.equal(afSpec(port(true)), '0c000a800500080001000000');
    assert.equal(afSpec(port(false)), undefined);
  });
});

describe('netlink answers', () => {
  it('tell the subnet of an address', () => {
    const answer = message(
      20,
      0,
      Buffer.from('0214000002000000', 'hex'),
      attribute(1, Buffer.from([10, 201, 9, 1])),
    );
    assert.deepEqual(readAddressSubnet(answer), parseSubnet('10.201.0.0/20'));
  });

  it('tell the destination of a route, none for a default route', () => {
    const header = Buffer.from('020c00000000000000000000', 'hex');
    const answer = message(24, 0, header, attribute(1, Buffer.from([172, 16, 0, 0])));
    assert.deepEqual(readRouteSubnet(answer), parseSubnet('172.16.0.0/12'));
    assert.equal(readRouteSubnet(message(24, 0, header)), undefined);
  });

  it('tell index, state, name and master of a link', () => {
    const header = Buffer.from('00000100' + '07000000' + '43100100' + '00000000', 'hex');
    const name = attribute(3, Buffer.from('v7\0'));
    assert.deepEqual(readLink(message(16, 0, header, name)), { index: 7, isUp: true, name: 'v7' });
    const port = message(16, 0, header, name, attribute(10, Buffer.from('05000000', 'hex')));
    assert.equal(readLink(port)?.master, 5);
    assert.equal(readLink(message(16, 0)), undefined);
  });
});
