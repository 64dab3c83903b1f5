import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { encodeQuery, TYPE } from '../../support/dns-message';
import { ResolverBox } from './resolver-box';
import { Upstream } from './upstream';

const SERVER = '127.53.2.1';

/** Memory that the monitor has for itself, in KiB. */
function anonymousKib(pid: number): number {
  const match = /^Anonymous:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
  return Number(match?.[1]);
}

function descriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

function query(name: string): Buffer {
  return encodeQuery({ id: 7, name, type: TYPE.A, udpBytes: 4096 });
}

function withLength(message: Buffer): Buffer {
  return Buffer.concat([Buffer.of(message.length >> 8, message.length & 255), message]);
}

describe('resolver: what a container can do to it', () => {
  let box: ResolverBox;
  let server: Upstream;
  before(async () => {
    server = await Upstream.start(SERVER);
    box = await ResolverBox.start({ upstream: [SERVER] });
    box.join('f'.repeat(64), ['10.9.0.2'], ['web']);
  });
  after(async () => {
    await box.remove();
    await server.close();
  });

  it('questions that nobody answers take bounded memory and descriptors, and others are answered', async () => {
    const before = descriptors(box.monitorPid);
    const messages = Array.from({ length: 2000 }, (_, index) => query(`mute.${'x'.repeat(60)}.${index}`));
    await box.request(
      'shout',
      messages.map(message => message.toString('base64')),
    );
    assert.deepEqual((await box.ask('a.example')).data, ['192.0.2.1']);
    assert.ok(descriptors(box.monitorPid) - before <= 256, `${descriptors(box.monitorPid)} descriptors`);
    assert.ok(anonymousKib(box.monitorPid) < 400, `${anonymousKib(box.monitorPid)} KiB`);
  });

  it('malformed messages are refused or passed over', async () => {
    const good = query('web');
    const header = good.subarray(0, 12);
    const bad = [
      Buffer.alloc(0),
      good.subarray(0, 11),
      header,
      good.subarray(0, 20),
      Buffer.concat([good, Buffer.of(0)]),
      Buffer.concat([header, Buffer.of(0xc0, 0x0c, 0, 1, 0, 1)]),
      Buffer.concat([header, Buffer.alloc(300, 1)]),
      Buffer.concat([header, Buffer.alloc(1100, 63)]),
      Buffer.concat([good, Buffer.alloc(3000)]),
    ];
    const reply = Buffer.from(good);
    reply[2] = 0x80;
    await box.request(
      'shout',
      [...bad, reply].map(message => message.toString('base64')),
    );
    assert.deepEqual((await box.ask('web')).data, ['10.9.0.2']);
    for (const message of bad.slice(1, 3)) {
      const standing = await box.request('hold', 1, withLength(message).toString('base64'), 50);
      assert.ok(Number(standing) <= 1);
    }
    assert.deepEqual((await box.ask('web', { by: 'tcp' })).data, ['10.9.0.2']);
  });

  it('connections that say nothing give way', async () => {
    const half = withLength(query('web')).subarray(0, 9).toString('base64');
    const held = box.request('hold', 100, half, 3000);
    const { data, ms } = await box.ask('web', { by: 'tcp' });
    assert.deepEqual(data, ['10.9.0.2']);
    assert.ok(ms < 8000, `${ms} ms`);
    await held;
    assert.ok(anonymousKib(box.monitorPid) < 400, `${anonymousKib(box.monitorPid)} KiB`);
  });

  it('answers that are not taken are bounded', async () => {
    const long = withLength(query('big-4000.example'));
    const before = descriptors(box.monitorPid);
    const many = Buffer.concat(Array.from({ length: 200 }, () => long)).toString('base64');
    await box.request('hold', 16, many, 1500);
    assert.ok(anonymousKib(box.monitorPid) < 700, `${anonymousKib(box.monitorPid)} KiB`);
    assert.deepEqual((await box.ask('a.example', { by: 'tcp' })).data, ['192.0.2.1']);
    assert.ok(descriptors(box.monitorPid) <= before + 2);
  });

  it('port 53 is free for a name server of the container’s own', async () => {
    await box.request('occupy', 53);
    for (const by of ['udp', 'tcp'] as const) {
      assert.deepEqual((await box.ask('web', { by })).data, ['10.9.0.2']);
      assert.deepEqual((await box.ask('a.example', { by })).data, ['192.0.2.1']);
    }
  });

  it('its sockets go with the container', async () => {
    const short = await ResolverBox.start({}, ['sleep', '0.3']);
    await short.box.settled();
    assert.equal(short.box.state().status, 'exited');
    await short.remove();
  });
});
