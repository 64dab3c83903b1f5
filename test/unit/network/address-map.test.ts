import { strict as assert } from 'node:assert';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  releaseAddress,
  takeAddress,
  takeChosenAddress,
  unusableReason,
} from '../../../packages/runtime/dist/network/address-map';
import { toNetwork } from '../../../packages/runtime/dist/network/definition';
import {
  formatIpv4,
  formatSubnet,
  parseIpv4,
  parseSubnet,
} from '../../../packages/runtime/dist/network/ipv4';

describe('the address map', () => {
  const subnet = parseSubnet('203.0.113.0/28');
  const definition = {
    name: 'bridge',
    id: '0'.repeat(64),
    driver: 'bridge',
    subnet: formatSubnet(subnet),
    gateway: '203.0.113.1',
    bridge: 'none',
    created: '',
  } as const;
  const network = toNetwork(definition);
  let root: string;
  let file: string;
  const take = () => formatIpv4(takeAddress({ root, network }));

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'tinyd-map-'));
    mkdirSync(join(root, 'networks'));
    file = join(root, 'networks', 'bridge.bitmap');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('is a line with a character for each address, and one with the place to go on', () => {
    assert.equal(take(), '203.0.113.2');
    assert.equal(readFileSync(file, 'latin1'), '1110000000000001\n0000000003\n');
  });

  it('gives every address out once: not the network, the gateway or the broadcast address', () => {
    const addresses = Array.from({ length: 13 }, take);
    assert.equal(new Set(addresses).size, 13);
    assert.equal(addresses[0], '203.0.113.2');
    assert.equal(addresses.at(-1), '203.0.113.14');
  });

  it('goes on behind the address given out last, and comes round', () => {
    const addresses = Array.from({ length: 12 }, take);
    releaseAddress(root, network, parseIpv4('203.0.113.2'));
    assert.equal(addresses.at(-1), '203.0.113.13');
    assert.equal(take(), '203.0.113.14');
    assert.equal(take(), '203.0.113.2');
  });

  it('takes the single character that a monitor writes for an address given back', () => {
    take();
    const text = readFileSync(file, 'latin1');
    writeFileSync(file, `${text.slice(0, 2)}0${text.slice(3)}`, 'latin1');
    const addresses = Array.from({ length: 13 }, take);
    assert.equal(addresses.at(-1), '203.0.113.2');
  });

  it('never gives back network, gateway or broadcast address', () => {
    take();
    const before = readFileSync(file, 'latin1');
    for (const offset of [-1, 0, 1, 15, 16, 28]) releaseAddress(root, network, subnet.base + offset);
    assert.equal(readFileSync(file, 'latin1'), before);
  });

  it('chooses from the range alone, and leaves out what is set aside', () => {
    const part = toNetwork({
      ...definition,
      ipRange: '203.0.113.8/30',
      auxAddresses: { router: '203.0.113.9' },
    });
    const found = Array.from({ length: 4 }, () => formatIpv4(takeAddress({ root, network: part })));
    assert.deepEqual(found, ['203.0.113.8', '203.0.113.10', '203.0.113.11', '203.0.113.8']);
  });

  it('gives an address that is asked for, when no link has it', () => {
    const wanted = parseIpv4('203.0.113.5');
    takeChosenAddress({ root, network }, wanted, () => 'nobody');
    assert.equal(readFileSync(file, 'latin1').charAt(5), '1');
    // A mark without a link is what a killed start left.
    takeChosenAddress({ root, network }, wanted, () => 'nobody');
    const first = Array.from({ length: 4 }, take);
    assert.deepEqual(
      first.map(address => address.split('.').at(-1)),
      ['2', '3', '4', '6'],
    );
  });

  it('says why an address cannot be asked for', () => {
    const reason = (text: string) => unusableReason(network, parseIpv4(text));
    assert.equal(reason('203.0.113.5'), undefined);
    for (const text of ['203.0.113.0', '203.0.113.1', '203.0.113.15', '203.0.113.16', '203.0.112.255']) {
      assert.equal(typeof reason(text), 'string', text);
    }
  });

  for (const damaged of ['', '111', '1'.repeat(100)]) {
    it(`is rebuilt when ${damaged.length} bytes of it are left`, () => {
      writeFileSync(file, damaged);
      assert.equal(take(), '203.0.113.2');
      assert.equal(readFileSync(file, 'latin1'), '1110000000000001\n0000000003\n');
    });
  }

  it('survives a place to go on that makes no sense', () => {
    take();
    for (const place of ['xxxxxxxxxx', '9999999999', '         -']) {
      const text = readFileSync(file, 'latin1');
      writeFileSync(file, `${text.slice(0, 17)}${place}\n`);
      assert.match(take(), /^203\.0\.113\.\d+$/);
    }
  });
});
