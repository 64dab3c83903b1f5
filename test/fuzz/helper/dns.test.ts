import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { encodeQuery, TYPE } from '../../support/dns-message';

const NATIVE = resolve(__dirname, '../../../../native');

/** TINYD_FUZZ_EXECUTIONS=10000000 for a long run. */
const EXECUTIONS = Number(process.env.TINYD_FUZZ_EXECUTIONS ?? 100_000);
const SEED = process.env.TINYD_FUZZ_SEED ?? '1';

const SOURCES = [
  'dns_message.c',
  'dns_answer.c',
  'dns_names.c',
  'dns_lookup.c',
  'dns_service.c',
  'dns_zones.c',
  'text.c',
];

const HOSTS = `10.9.0.2 web.one web www\nfd00:9::2 web.one web www
# a comment\n10.9.0.3\tdb.one db ${'x'.repeat(63)}.${'y'.repeat(63)}\r\n\n10.9.0.2 other\n::ffff:10.9.0.3 db\n`;
const RESOLV_CONF =
  'search a b\nnameserver 127.0.0.53\nnameserver fe80::1%lo # none\noptions ndots:2\nnameserver 8.8.8.8\n';
const REVERSE = `2.${'0.'.repeat(23)}9.0.0.0.0.0.d.f.ip6.arpa`;

const QUERIES = [
  { name: 'web', type: TYPE.A },
  { name: 'WWW.', type: TYPE.AAAA, udpBytes: 4096 },
  { name: `${'x'.repeat(63)}.${'y'.repeat(63)}`, type: TYPE.A, udpBytes: 512 },
  { name: '2.0.9.10.in-addr.arpa', type: TYPE.PTR },
  { name: REVERSE, type: TYPE.PTR, udpBytes: 1232 },
  { name: '', type: TYPE.NS },
  { name: `${'a.'.repeat(126)}a`, type: TYPE.TXT },
];

describe('fuzz: the parsers of the resolver', () => {
  let folder: string;
  const messages: string[] = [];
  before(function () {
    this.timeout(60_000);
    folder = mkdtempSync(join(tmpdir(), 'tinyd-fuzz-'));
    const flags = ['-std=c11', '-D_GNU_SOURCE', '-O1', '-g', '-Wall', '-Wextra', '-Werror'];
    execFileSync('gcc', [
      ...flags,
      '-fsanitize=address,undefined',
      '-fno-sanitize-recover=all',
      '-o',
      join(folder, 'fuzz_dns'),
      join(NATIVE, 'test', 'helper', 'fuzz_dns.c'),
      ...SOURCES.map(name => join(NATIVE, 'helper', name)),
    ]);
    writeFileSync(join(folder, 'hosts'), HOSTS);
    writeFileSync(join(folder, 'resolv.conf'), RESOLV_CONF);
    for (const [index, query] of QUERIES.entries()) {
      messages.push(join(folder, `query${index}`));
      writeFileSync(join(folder, `query${index}`), encodeQuery({ id: 0x1234, ...query }));
    }
  });
  after(() => rmSync(folder, { recursive: true }));

  it(`stand ${EXECUTIONS} damaged messages and files (seed ${SEED})`, function () {
    this.timeout(20_000 + EXECUTIONS);
    const files = [join(folder, 'hosts'), join(folder, 'resolv.conf'), ...messages];
    const output = execFileSync(join(folder, 'fuzz_dns'), [SEED, String(EXECUTIONS), ...files], {
      encoding: 'utf8',
    });
    const [executions, ...seen] = output.match(/\d+/g)?.map(Number) ?? [];
    assert.equal(executions, EXECUTIONS);
    assert.equal(seen.length, 5);
    for (const number of seen) assert.ok(number > EXECUTIONS / 100, `all of it is reached: ${output}`);
  });
});
