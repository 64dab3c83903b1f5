import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ResolverBox } from './resolver-box';
import { Upstream } from './upstream';

const FIRST = '127.53.0.1';
const SECOND = '127.53.0.2';
/** Nobody listens there. */
const DEAD = '127.53.0.9';

describe('resolver: names of the world', () => {
  let box: ResolverBox;
  let first: Upstream;
  let second: Upstream;
  before(async () => {
    first = await Upstream.start(FIRST, '192.0.2.1');
    second = await Upstream.start(SECOND, '192.0.2.2');
    box = await ResolverBox.start();
    box.join('f'.repeat(64), ['10.9.0.2'], ['web']);
  });
  after(async () => {
    await box.remove();
    await first.close();
    await second.close();
  });
  beforeEach(() => {
    box.serve({ upstream: [FIRST] });
    for (const server of [first, second])
      for (const list of [server.asked, server.ports, server.ids]) list.length = 0;
  });

  it('are asked of the server by the way the container asks, names of the network never', async () => {
    assert.deepEqual((await box.ask('a.example')).data, ['192.0.2.1']);
    assert.deepEqual((await box.ask('a.example', { by: 'tcp' })).data, ['192.0.2.1']);
    assert.deepEqual((await box.ask('a.example', { type: 'AAAA', udpBytes: 1400 })).data, ['192.0.2.1']);
    assert.deepEqual((await box.ask('single')).data, ['192.0.2.1']);
    for (const type of ['A', 'AAAA', 'MX'] as const) await box.ask('web', { type });
    assert.deepEqual(first.asked, [
      'udp a.example 1',
      'tcp a.example 1',
      'udp a.example 28 edns 1400',
      'udp single 1',
    ]);
  });

  it('that do not exist do not exist', async () => {
    box.serve({ upstream: [FIRST, SECOND] });
    assert.equal((await box.ask('absent.example')).code, 'absent');
    assert.deepEqual(second.asked, [], 'the answer of the first server counts');
  });

  it('are asked of the next server when one fails, refuses, or is not there', async () => {
    for (const name of ['fail.example', 'refuse.example']) {
      box.serve({ upstream: [FIRST] });
      for (const by of ['udp', 'tcp'] as const) assert.equal((await box.ask(name, { by })).code, 'failed');
    }
    box.serve({ upstream: [DEAD, SECOND] });
    for (const by of ['udp', 'tcp'] as const) {
      const { data, ms } = await box.ask('a.example', { by });
      assert.deepEqual(data, ['192.0.2.2']);
      assert.ok(ms < 500, `${by}: ${ms} ms`);
    }
    box.serve({ upstream: [DEAD] });
    for (const by of ['udp', 'tcp'] as const)
      assert.equal((await box.ask('a.example', { by })).code, 'failed');
  });

  it('are asked of the next server too when one takes long; the first answer counts', async () => {
    box.serve({ upstream: [FIRST, SECOND] });
    const [slow, mute] = await Promise.all([box.ask('slow-1600.example'), box.ask('mute.example')]);
    assert.deepEqual(slow.data, ['192.0.2.1']);
    assert.ok(slow.ms >= 1500 && slow.ms < 3500, `${slow.ms} ms`);
    assert.equal(mute.code, 'failed');
    assert.ok(mute.ms >= 4000 && mute.ms < 5000, `the C library waits for 5 s: ${mute.ms} ms`);
    assert.ok(second.asked.includes('udp mute.example 1'));
  });

  it('are asked of servers by IPv6', async function () {
    if (!readFileSync('/proc/net/if_inet6', 'utf8').includes(' lo\n')) return this.skip();
    const third = await Upstream.start('::1', '192.0.2.3');
    try {
      box.serve({ upstream: ['::1'] });
      for (const by of ['udp', 'tcp'] as const) {
        assert.deepEqual((await box.ask('a.example', { by })).data, ['192.0.2.3']);
      }
    } finally {
      await third.close();
    }
  });

  it('have a port and an ID of their own in each question', async () => {
    await box.request('flood', { name: 'a*.example' }, 64, 16);
    assert.ok(new Set(first.ports).size > 48, `${new Set(first.ports).size} ports`);
    assert.ok(new Set(first.ids).size > 60);
    const steps = first.ids.slice(1).map((id, index) => id - (first.ids[index] ?? 0));
    assert.ok(new Set(steps).size > 32, 'IDs are not counted');
  });

  it('are not believed of replies with another ID or another question', async () => {
    assert.deepEqual((await box.ask('forged.example')).data, ['192.0.2.1']);
  });

  it('may have long answers: 4 KiB with EDNS, all by TCP, cut for who takes less', async () => {
    const cut = await box.ask('big-200.example');
    assert.deepEqual([cut.truncated, cut.data.length], [true, 0]);
    assert.equal((await box.ask('big-200.example', { udpBytes: 4096 })).data.length, 200);
    const fat = await box.ask('fat-200.example');
    assert.deepEqual(
      [fat.truncated, fat.data.length],
      [true, 0],
      'a server that sends more than was asked for',
    );
    assert.ok(fat.bytes <= 512);
    const whole = await box.ask('big-4000.example', { by: 'tcp' });
    assert.deepEqual([whole.truncated, whole.data.length], [false, 4000]);
  });

  it('are not asked about on an internal network (CVE-2024-29018)', async () => {
    box.serve({ upstream: 'none' });
    for (const by of ['udp', 'tcp'] as const) {
      assert.equal((await box.ask('a.example', { by })).code, 'failed', 'as docker says');
      assert.deepEqual((await box.ask('web', { by })).data, ['10.9.0.2']);
    }
    assert.deepEqual(first.asked, []);
  });

  it('come ten thousand at a time, two hundred in parallel, and none is lost', async function () {
    this.timeout(60_000);
    assert.deepEqual(await box.request('flood', { name: 'a*.example' }, 5000, 200), { '192.0.2.1': 5000 });
    assert.deepEqual(await box.request('flood', { name: 'web' }, 5000, 200), { '10.9.0.2': 5000 });
    const byTcp = await box.request('flood', { name: 'a*.example', by: 'tcp' }, 400, 200);
    assert.deepEqual(byTcp, { '192.0.2.1': 400 });
  });

  it('may be asked one behind the other on one connection', async () => {
    const names = ['slow-300.example', 'web', 'a.example', 'absent.example', ...Array(60).fill('web')];
    const answers = await box.request<{ code: string; data: string[]; ms: number }[]>(
      'pipeline',
      names.map(name => ({ name })),
    );
    assert.deepEqual(
      answers.slice(0, 5).map(({ code, data }) => [code, ...data]),
      [['ok', '192.0.2.1'], ['ok', '10.9.0.2'], ['ok', '192.0.2.1'], ['absent'], ['ok', '10.9.0.2']],
    );
    assert.ok(answers.every(({ code }) => code !== 'closed'));
    assert.ok((answers[1]?.ms ?? 999) < 250, 'a slow answer does not hold up the others');
  });
});

describe('resolver: the host’s resolv.conf', () => {
  it('is followed, on a loopback address too, as it changes', function () {
    this.timeout(20_000);
    const folder = mkdtempSync(join(tmpdir(), 'tinyd-resolv-'));
    const file = join(folder, 'resolv.conf');
    writeFileSync(file, '');
    try {
      const child = join(__dirname, 'host-resolver-child.js');
      const command = `mount --bind ${file} /etc/resolv.conf && exec ${process.execPath} ${child} ${file}`;
      const output = execFileSync('unshare', ['-m', 'sh', '-c', command], { encoding: 'utf8' });
      assert.deepEqual(JSON.parse(output), [
        ['none', 'failed'],
        ['first', '127.53.1.1'],
        ['second', '127.53.1.2'],
        ['both, the first dead', '127.53.1.2'],
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
