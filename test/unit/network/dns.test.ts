import { strict as assert } from 'node:assert';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  checkNetworkAlias,
  dnsPlan,
  dnsService,
  dnsServiceFile,
  embeddedResolvConf,
  namesFile,
  removeNames,
  writeDnsService,
  writeNames,
  zoneFolder,
} from '../../../packages/runtime/dist/network/dns';

const NONE = { nameservers: [], search: [], options: [] };
const HOST = { nameservers: ['10.0.0.53'], search: ['example.org'], options: ['timeout:1', 'edns0'] };

describe('names of containers', () => {
  let state: string;
  before(() => {
    state = mkdtempSync(join(tmpdir(), 'tinyd-names-'));
  });
  after(() => rmSync(state, { recursive: true }));

  it('are lines of hosts(5), each name also below the name of the network', () => {
    const zone = zoneFolder(state, 'feed');
    const names = ['web', 'www', '0123456789ab', 'web'];
    writeNames(zone, '0123456789abcdef', { network: 'back', addresses: ['10.0.0.2', 'fd00::2'], names });
    const rest = 'web.back web www 0123456789ab www.back 0123456789ab.back\n';
    assert.equal(
      readFileSync(namesFile(zone, '0123456789abcdef'), 'utf8'),
      `10.0.0.2 ${rest}fd00::2 ${rest}`,
    );
    writeNames(zone, '0123456789abcdef', { network: 'back', addresses: ['10.0.0.3'], names: ['web'] });
    assert.deepEqual(readdirSync(zone), ['0123456789abcdef']);
    assert.equal(readFileSync(namesFile(zone, '0123456789abcdef'), 'utf8'), '10.0.0.3 web.back web\n');
  });

  it('go away once, and stay away', () => {
    const zone = zoneFolder(state, 'gone');
    writeNames(zone, 'a', { network: 'n', addresses: ['10.0.0.2'], names: ['x'] });
    removeNames(zone, 'a');
    removeNames(zone, 'a');
    removeNames(join(zone, 'absent'), 'a');
    assert.deepEqual(readdirSync(zone), []);
  });

  for (const alias of ['web', 'my_db', '_srv._tcp.x', '0', 'a.b-c.d', 'x'.repeat(63)]) {
    it(`${alias.slice(0, 20)} may be an alias`, () => checkNetworkAlias('--network-alias', alias));
  }
  for (const alias of [
    '',
    'a b',
    'a\nb',
    '10.0.0.9 evil',
    'a..b',
    '-a',
    'a-',
    '*.x',
    'x'.repeat(64),
    `${'a.'.repeat(127)}a`,
  ]) {
    it(`${JSON.stringify(alias.slice(0, 20))} may not`, () => {
      assert.throws(() => checkNetworkAlias('--network-alias', alias), { code: 'ERR_TINYD_OPTION_INVALID' });
    });
  }
});

describe('what a container’s resolver is told', () => {
  const decide = (user = {}, internal = false, host = HOST) =>
    dnsService({ zones: ['/z'], internal, host, user: { ...NONE, ...user } });

  it('asks the host’s servers, those of --dns, or on internal networks none', () => {
    assert.equal(decide().upstream, 'host');
    assert.deepEqual(decide({ nameservers: ['1.1.1.1', '::1'] }).upstream, ['1.1.1.1', '::1']);
    assert.equal(decide({}, true).upstream, 'none');
    assert.equal(decide({ nameservers: ['1.1.1.1'] }, true).upstream, 'none');
  });

  it('keeps names without a dot to itself where ndots is set', () => {
    assert.equal(decide().keepSingleLabels, false);
    assert.equal(decide({ options: ['ndots:2'] }).keepSingleLabels, true);
    assert.equal(
      decide({ options: ['rotate'] }, false, { ...HOST, options: ['ndots:2'] }).keepSingleLabels,
      false,
    );
    assert.equal(decide({}, false, { ...HOST, options: ['ndots:2'] }).keepSingleLabels, true);
  });

  it('is a file of one fact a line', () => {
    const runDir = mkdtempSync(join(tmpdir(), 'tinyd-dns-'));
    try {
      writeDnsService(runDir, {
        zones: ['/a b', '/c'],
        upstream: ['1.1.1.1', '::1'],
        keepSingleLabels: true,
      });
      assert.equal(
        readFileSync(dnsServiceFile(runDir), 'utf8'),
        'zone /a b\nzone /c\nupstream 1.1.1.1\nupstream ::1\nkeep single-labels\n',
      );
      writeDnsService(runDir, { zones: [], upstream: 'none', keepSingleLabels: false });
      assert.equal(readFileSync(dnsServiceFile(runDir), 'utf8'), 'upstream none\n');
      assert.deepEqual(readdirSync(runDir), ['dns']);
    } finally {
      rmSync(runDir, { recursive: true });
    }
  });

  it('resolv.conf names it alone, with docker’s ndots', () => {
    assert.equal(
      embeddedResolvConf(HOST, NONE),
      'nameserver 127.0.0.11\nsearch example.org\noptions timeout:1 edns0 ndots:0\n',
    );
    assert.equal(
      embeddedResolvConf(HOST, { nameservers: ['1.1.1.1'], search: ['a', 'b'], options: ['ndots:3'] }),
      'nameserver 127.0.0.11\nsearch a b\noptions ndots:3\n',
    );
    assert.equal(
      embeddedResolvConf(HOST, { ...NONE, search: ['.'], options: ['ndots:x', 'rotate'] }),
      'nameserver 127.0.0.11\noptions rotate ndots:0\n',
    );
  });
});

describe('the way to a container’s resolver', () => {
  it('leads from 127.0.0.11:53, UDP and TCP, to a port that leaves 53 free', () => {
    const { address, port, redirectBatch } = dnsPlan();
    assert.equal(address, '127.0.0.11');
    assert.notEqual(port, 53);
    const bytes = Buffer.from(redirectBatch);
    const target = Buffer.from([127, 0, 0, 11]);
    // Compared with in each rule, and translated to.
    let found = 0;
    for (let at = bytes.indexOf(target); at !== -1; at = bytes.indexOf(target, at + 1)) found++;
    assert.equal(found, 4);
  });
});
