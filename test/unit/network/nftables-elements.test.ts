import { strict as assert } from 'node:assert';
import { parseIpv4, parseSubnet } from '../../../packages/runtime/dist/network/ipv4';
import {
  addElements,
  networkElements,
  portElement,
  removeElements,
} from '../../../packages/runtime/dist/network/nftables/elements';
import { transaction } from '../../../packages/runtime/dist/network/nftables/message';

const address = parseIpv4('10.201.0.3');

/** The messages of a row of them. */
function split(bytes: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += bytes.readUInt32LE(at)) {
    messages.push(bytes.subarray(at, at + bytes.readUInt32LE(at)));
  }
  return messages;
}

// The lists of elements are compared with what nft(8) 1.0.6 sends for the same sets.
describe('elements of the port maps', () => {
  it('are encoded as nft does, published on every address', () => {
    const element = portElement({ hostAddress: 0, hostPort: 53, protocol: 'udp' }, address, 5353);
    const [bytes] = addElements([element]);
    assert.equal(element.set, 'ports');
    assert.ok(
      bytes
        ?.toString('hex')
        .endsWith('2800038024000180100001800c0001001100000000350000100002800c0001000ac9000314e90000'),
    );
  });

  it('are encoded as nft does, published on one address', () => {
    const key = { hostAddress: parseIpv4('127.0.0.1'), hostPort: 8080, protocol: 'tcp' } as const;
    const element = portElement(key, address, 80);
    const [bytes] = addElements([element]);
    assert.equal(element.set, 'address_ports');
    assert.ok(
      bytes
        ?.toString('hex')
        .endsWith('2c0003802800018014000180100001007f000001060000001f900000100002800c0001000ac9000300500000'),
    );
  });

  it('are removed by their keys, as nft does', () => {
    const [bytes] = removeElements([
      portElement({ hostAddress: 0, hostPort: 53, protocol: 'udp' }, address, 5353),
    ]);
    assert.ok(bytes?.toString('hex').endsWith('1800038014000180100001800c0001001100000000350000'));
  });

  it('are spread over messages, none longer than an attribute may be', () => {
    const elements = Array.from({ length: 1200 }, (_, index) =>
      portElement({ hostAddress: 0, hostPort: 1000 + index, protocol: 'tcp' }, address, 80),
    );
    const messages = addElements(elements);
    assert.equal(messages.length, 3);
    for (const bytes of messages) assert.ok(bytes.length < 65536);
  });
});

describe('elements of a network', () => {
  const network = (facts: { internal?: boolean; icc?: boolean; masquerade?: boolean } = {}) => ({
    bridge: 'tinyd0',
    subnet: parseSubnet('10.201.0.0/20'),
    internal: facts.internal ?? false,
    driver: { icc: facts.icc ?? true, masquerade: facts.masquerade ?? true },
  });
  const sets = (facts: Parameters<typeof network>[0]) =>
    [...new Set(networkElements(network(facts)).map(({ set }) => set))].sort();

  it('say what may pass between its containers and out of it', () => {
    assert.deepEqual(sets({}), ['bridges', 'links', 'masqueraded', 'subnets']);
    assert.deepEqual(sets({ internal: true }), ['bridges', 'internal', 'links', 'subnets']);
    assert.deepEqual(sets({ masquerade: false }), ['bridges', 'links', 'subnets']);
    assert.deepEqual(sets({ icc: false }), ['bridges', 'masqueraded', 'subnets']);
  });

  it('name the bridge, the pair it makes with itself, and both ends of the range', () => {
    const messages = addElements(networkElements(network())).map(bytes => bytes.toString('hex'));
    const endings = [
      '200003801c000180180001801400010074696e79643000000000000000000000',
      '300003802c000180280001802400010074696e7964300000000000000000000074696e79643000000000000000000000',
      '2c000380100001800c000180080001000ac90000180001800c000180080001000ac910000800030000000001',
      '2c000380100001800c000180080001000ac90000180001800c000180080001000ac910000800030000000001',
    ];
    assert.equal(messages.length, endings.length);
    for (const [index, ending] of endings.entries()) {
      assert.ok(messages[index]?.endsWith(ending), messages[index]);
    }
  });
});

describe('a transaction', () => {
  it('encloses its changes; only these are acknowledged', () => {
    const change = addElements([portElement({ hostAddress: 0, hostPort: 1, protocol: 'tcp' }, address, 1)]);
    const messages = split(transaction(...change));
    assert.deepEqual(
      messages.map(message => message.readUInt16LE(4)),
      [0x10, 0x0a0c, 0x11],
    );
    assert.deepEqual(
      messages.map(message => message.readUInt16LE(6) & 4),
      [0, 4, 0],
    );
    assert.equal(messages[0]?.subarray(16).toString('hex'), '0000000a');
  });
});
