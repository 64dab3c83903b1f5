import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkHostname } from '../../../packages/runtime/dist/etc/hostname';
import { checkExtraHosts, hostsFile, sharedHostsFile } from '../../../packages/runtime/dist/etc/hosts';
import {
  checkResolverOptions,
  hostResolver,
  parseResolvConf,
  resolvConf,
} from '../../../packages/runtime/dist/etc/resolv-conf';

const NONE = { nameservers: [], search: [], options: [] };

describe('files of /etc', () => {
  it('hosts has docker’s content, extra hosts, and the container itself', () => {
    const text = hostsFile({
      addresses: ['172.17.0.2'],
      hostname: 'web',
      domainname: 'example.org',
      extra: [
        { name: 'db', address: '10.0.0.1' },
        { name: 'host', address: 'host-gateway' },
      ],
      hostGateway: '172.17.0.1',
    });
    assert.deepEqual(text.split('\n').slice(6), [
      '10.0.0.1\tdb',
      '172.17.0.1\thost',
      '172.17.0.2\tweb.example.org web',
      '',
    ]);
    assert.ok(text.startsWith('127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n'));
  });

  it('host-gateway without a bridge is refused', () => {
    const extra = [{ name: 'host', address: 'host-gateway' }];
    assert.throws(() => hostsFile({ addresses: [], hostname: 'h', extra }), {
      code: 'ERR_TINYD_OPTION_INVALID',
    });
  });

  it('a shared network shows the host its file', () => {
    assert.equal(sharedHostsFile('1.1.1.1 a', [{ name: 'b', address: '::1' }]), '1.1.1.1 a\n::1\tb\n');
    assert.equal(sharedHostsFile('x\n', []), 'x\n');
  });

  for (const [name, address] of [
    ['a\nb', '1.1.1.1'],
    ['', '1.1.1.1'],
    ['a', '1.1.1.1\n2.2.2.2 evil'],
    ['a', 'example.org'],
    ['a b', '1.1.1.1'],
  ] as const) {
    it(`CVE-2022-4318: --add-host ${JSON.stringify(`${name}:${address}`)} is refused`, () => {
      assert.throws(() => checkExtraHosts([{ name, address }]), { code: 'ERR_TINYD_OPTION_INVALID' });
    });
  }

  for (const name of ['a\nroot::0:0::/:/bin/sh', '', '-a', 'a b', 'x'.repeat(65), 'ü']) {
    it(`CVE-2022-4318: host name ${JSON.stringify(name.slice(0, 20))} is refused`, () => {
      assert.throws(() => checkHostname('--hostname', name), { code: 'ERR_TINYD_OPTION_INVALID' });
    });
  }

  const host = parseResolvConf(
    '# c\nnameserver 127.0.0.1\nnameserver 9.9.9.9\ndomain x\nsearch a b\noptions ndots:2\noptions edns0\n',
  );
  const resolvers: [title: string, host: typeof host, user: typeof NONE, own: boolean, text: string][] = [
    [
      'leaves out the host’s loopback',
      host,
      NONE,
      true,
      'nameserver 9.9.9.9\nsearch a b\noptions ndots:2 edns0\n',
    ],
    [
      'keeps it on the host network',
      host,
      NONE,
      false,
      'nameserver 127.0.0.1\nnameserver 9.9.9.9\nsearch a b\noptions ndots:2 edns0\n',
    ],
    ['falls back to public servers', NONE, NONE, true, 'nameserver 8.8.8.8\nnameserver 8.8.4.4\n'],
    ['invents nothing on the host network', NONE, NONE, false, ''],
    [
      'takes the user’s words',
      host,
      { nameservers: ['1.1.1.1'], search: ['.'], options: ['rotate'] } as never,
      true,
      'nameserver 1.1.1.1\noptions rotate\n',
    ],
  ];
  for (const [title, hostSettings, user, own, text] of resolvers) {
    it(`resolv.conf ${title}`, () => assert.equal(resolvConf(hostSettings, user, own), text));
  }

  it('names the servers behind systemd’s stub, but not on the host network', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tinyd-resolv-'));
    const [stub, behind] = [join(folder, 'stub'), join(folder, 'behind')];
    writeFileSync(stub, 'nameserver 127.0.0.53\noptions edns0\n');
    writeFileSync(behind, 'nameserver 192.0.2.1\n');
    try {
      assert.deepEqual(hostResolver(true, stub, behind), {
        nameservers: ['192.0.2.1'],
        search: [],
        options: ['edns0'],
      });
      assert.deepEqual(hostResolver(false, stub, behind).nameservers, ['127.0.0.53']);
      assert.deepEqual(hostResolver(true, stub, join(folder, 'none')).nameservers, ['127.0.0.53']);
      assert.deepEqual(hostResolver(true, join(folder, 'none')).nameservers, []);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('refuses resolver settings that add lines', () => {
    const invalid = { code: 'ERR_TINYD_OPTION_INVALID' };
    assert.throws(() => checkResolverOptions({ ...NONE, nameservers: ['1.1.1.1\nx'] }), invalid);
    assert.throws(() => checkResolverOptions({ ...NONE, search: ['a\nnameserver 6.6.6.6'] }), invalid);
    assert.throws(() => checkResolverOptions({ ...NONE, options: ['a b'] }), invalid);
  });
});
