import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { listXattrs } from '@tinyd/native';
import type { RegistryServer } from '@tinyd/registry';
import type { LayerEntry } from '../../support/image-builder';
import type { Tinyd } from '../../support/tinyd';
import { serveImages, tinydFor } from './volume-image';

const TIME = new Date(1_600_000_000_000);

/** What each layer says of /data; the upper ones replace, remove and hide what the lower ones have. */
const LAYERS: readonly (readonly LayerEntry[])[] = [
  [
    { name: 'data/', type: 'directory' },
    { name: 'data/replaced', content: 'old' },
    { name: 'data/removed', content: 'gone' },
    { name: 'data/hidden/', type: 'directory' },
    { name: 'data/hidden/old', content: 'gone' },
    { name: 'data/merged/', type: 'directory' },
    { name: 'data/merged/low', content: 'low' },
    { name: 'etc/', type: 'directory' },
    { name: 'etc/secret', content: 'of the image' },
  ],
  [
    { name: 'data/', type: 'directory', mode: 0o2750, uid: 1000, gid: 2000, mtime: TIME },
    { name: 'data/replaced', content: 'new', mode: 0o640, uid: 7, gid: 8, mtime: TIME },
    { name: 'data/.wh.removed', content: '' },
    { name: 'data/hidden/', type: 'directory', mode: 0o711 },
    { name: 'data/hidden/.wh..wh..opq', content: '' },
    { name: 'data/hidden/new', content: 'new' },
    { name: 'data/merged/high', content: 'high', pax: { 'SCHILY.xattr.user.note': 'kept' } },
    { name: 'data/program', content: '#!/bin/sh\n', mode: 0o6755, uid: 3, gid: 4 },
    { name: 'data/twin', type: 'link', linkname: 'data/program' },
    { name: 'data/out', type: 'symlink', linkname: '/etc/shadow' },
    { name: 'data/up', type: 'symlink', linkname: '../../../../etc', uid: 5 },
    { name: 'data/fifo', type: 'fifo', mode: 0o600 },
    { name: 'data/disk', type: 'block-device', devmajor: 7, devminor: 0, mode: 0o600 },
  ],
];

describe('filling a new volume from the image', function () {
  this.timeout(90_000);
  let registry: RegistryServer;
  let tinyd: Tinyd;

  before(async () => {
    const many = Array.from(
      { length: 3000 },
      (_, i): LayerEntry => ({ name: `big/${i % 50}/${i}`, content: `${i}` }),
    );
    registry = await serveImages([
      { name: 'app', layers: LAYERS, volumes: ['/data'] },
      {
        name: 'linked',
        layers: [
          [
            { name: 'real/', type: 'directory' },
            { name: 'real/f', content: 'f' },
            { name: 'link', type: 'symlink', linkname: '../../real' },
            { name: 'host', type: 'symlink', linkname: '../../../../../../etc' },
          ],
        ],
        volumes: ['/link', '/host'],
      },
      { name: 'big', layers: [many] },
    ]);
  });
  after(() => registry.close());
  beforeEach(() => {
    tinyd = tinydFor(registry);
  });
  afterEach(() => tinyd.dispose());

  const data = (name: string, ...path: string[]): string =>
    join(tinyd.root, 'volumes', name, '_data', ...path);
  const read = (name: string, ...path: string[]): string => readFileSync(data(name, ...path), 'utf8');

  it('takes what all layers together show, as it is', async () => {
    await tinyd.ok('create', '-v', 'vol:/data', 'app');
    assert.deepEqual(readdirSync(data('vol')).sort(), [
      'disk',
      'fifo',
      'hidden',
      'merged',
      'out',
      'program',
      'replaced',
      'twin',
      'up',
    ]);
    assert.deepEqual(readdirSync(data('vol', 'hidden')), ['new']);
    assert.deepEqual(readdirSync(data('vol', 'merged')).sort(), ['high', 'low']);
    assert.equal(read('vol', 'replaced'), 'new');
    const owner = (...path: string[]) => {
      const { uid, gid, mode, mtimeMs } = lstatSync(data('vol', ...path));
      return { uid, gid, mode: mode & 0o7777, mtimeMs };
    };
    assert.deepEqual(owner(), { uid: 1000, gid: 2000, mode: 0o2750, mtimeMs: TIME.getTime() });
    assert.deepEqual(owner('replaced'), { uid: 7, gid: 8, mode: 0o640, mtimeMs: TIME.getTime() });
    assert.equal(owner('hidden').mode, 0o711);
    assert.equal(owner('program').mode, 0o6755);
    assert.equal(
      lstatSync(data('vol', 'twin')).ino,
      lstatSync(data('vol', 'program')).ino,
      'no hard link any more',
    );
    assert.equal(lstatSync(data('vol', 'program')).nlink, 2);
    assert.deepEqual(
      listXattrs(data('vol', 'merged', 'high')).map(({ name, value }) => [name, `${value}`]),
      [['user.note', 'kept']],
    );
    assert.deepEqual(listXattrs(data('vol', 'hidden')), [], "overlayfs' own attributes came along");
  });

  it('copies links and devices as what they are', async () => {
    await tinyd.ok('create', '-v', 'vol:/data', 'app');
    assert.equal(readlinkSync(data('vol', 'out')), '/etc/shadow');
    assert.equal(readlinkSync(data('vol', 'up')), '../../../../etc');
    assert.equal(lstatSync(data('vol', 'up')).uid, 5);
    assert.ok(lstatSync(data('vol', 'fifo')).isFIFO());
    const disk = lstatSync(data('vol', 'disk'));
    assert.ok(disk.isBlockDevice(), 'the content of a device was copied');
    assert.deepEqual([disk.rdev, disk.size], [7 << 8, 0]);
  });

  it('leaves the image as it is, and the container sees its own', async () => {
    const script = 'ls /data | wc -l; echo x > /data/replaced; cat /data/merged/low';
    assert.equal(await tinyd.ok('run', '--rm', '-v', 'vol:/data', 'app', 'sh', '-c', script), '9\nlow');
    assert.equal(read('vol', 'replaced'), 'x\n');
    assert.equal(
      await tinyd.ok('run', '--rm', 'app', 'cat', '/data/replaced'),
      'new',
      'the image was changed',
    );
    assert.equal(
      await tinyd.ok('run', '--rm', '-v', 'vol:/data', 'app', 'cat', '/data/replaced'),
      'x',
      'filled twice',
    );
  });

  it('is not done with nocopy, nor to a volume that has content, nor to a bind', async () => {
    await tinyd.ok('create', '-v', 'bare:/data:nocopy', 'app');
    assert.deepEqual(readdirSync(data('bare')), []);
    await tinyd.ok('create', '--mount', 'type=volume,src=bare2,dst=/data,volume-nocopy', 'app');
    assert.deepEqual(readdirSync(data('bare2')), []);
    await tinyd.ok('volume', 'create', 'full');
    writeFileSync(data('full', 'mine'), '');
    await tinyd.ok('create', '-v', 'full:/data', 'app');
    assert.deepEqual(readdirSync(data('full')), ['mine']);
    const host = join(tinyd.base, 'host');
    mkdirSync(host);
    await tinyd.ok('create', '-v', `${host}:/data`, 'app');
    assert.deepEqual(readdirSync(host), []);
    await tinyd.ok('volume', 'create', 'empty');
    await tinyd.ok('create', '-v', 'empty:/data', 'app');
    assert.equal(readdirSync(data('empty')).length, 9, 'an empty volume is filled, whoever made it');
  });

  it('follows links of the image inside the image only', async () => {
    await tinyd.ok('create', '--name', 'c', 'linked');
    const mounts = JSON.parse(await tinyd.ok('inspect', '-f', '{{json .Mounts}}', 'c')) as {
      Source: string;
      Destination: string;
    }[];
    const content = (target: string) =>
      readdirSync(mounts.find(mount => mount.Destination === target)?.Source ?? '');
    assert.deepEqual(content('/link'), ['f']);
    assert.deepEqual(content('/host'), [], "the host's /etc was copied");
  });

  it('keeps the folder that a running container has mounted', async () => {
    await tinyd.ok('run', '-d', '--name', 'user', '-v', 'vol:/x', 'app', 'sleep', '60');
    const { ino } = statSync(data('vol'));
    await tinyd.ok('create', '-v', 'vol:/data', 'app');
    assert.equal(statSync(data('vol')).ino, ino);
    assert.equal(await tinyd.ok('exec', 'user', 'cat', '/x/replaced'), 'new');
  });

  it('killed at any moment, is complete when the volume is used again', async () => {
    await tinyd.ok('pull', '-q', 'big');
    const complete = await tinyd.ok('run', '--rm', 'big', 'sh', '-c', 'find /big | wc -l');
    let cut = 0;
    for (let delay = 60; delay <= 340; delay += 40) {
      const child = tinyd.spawn(['create', '-v', 'vol:/big', '-v', '/big2', 'big'], { stdio: 'ignore' });
      await sleep(delay);
      child.kill('SIGKILL');
      await new Promise(done =>
        child.exitCode === null && child.signalCode === null ? child.once('close', done) : done(0),
      );
      if (child.signalCode === 'SIGKILL') cut++;
      assert.equal(
        await tinyd.ok('run', '--rm', '-v', 'vol:/big', 'big', 'sh', '-c', 'find /big | wc -l'),
        complete,
        `killed after ${delay} ms`,
      );
      const ids = (await tinyd.ok('ps', '-aq')).split('\n').filter(Boolean);
      if (ids.length > 0) await tinyd.ok('rm', '-v', ...ids);
      assert.equal(await tinyd.ok('volume', 'ls', '-q'), 'vol', 'an anonymous volume stayed');
      assert.deepEqual(readdirSync(join(tinyd.root, 'volumes', 'vol')).sort(), ['_data', 'volume.json']);
      await tinyd.ok('volume', 'rm', 'vol');
    }
    assert.ok(cut > 0, 'no create was killed');
  });

  it('cut short while the content is moved into place, goes on where it was', async () => {
    await tinyd.ok('create', '--name', 'c', '-v', 'vol:/data', 'app');
    await tinyd.ok('rm', 'c');
    // As a command leaves it that is killed after it has moved some of the names.
    const copied = join(tinyd.root, 'volumes', 'vol', '.copied');
    execFileSync('cp', ['-a', data('vol'), copied]);
    for (const name of ['merged', 'program', 'twin']) execFileSync('rm', ['-rf', join(copied, name)]);
    execFileSync('rm', ['-rf', data('vol', 'hidden')]);
    renameSync(data('vol', 'replaced'), data('vol', 'own'));
    await tinyd.ok('create', '-v', 'vol:/elsewhere', 'app');
    assert.deepEqual(readdirSync(data('vol', 'hidden')), ['new']);
    assert.ok(readdirSync(data('vol')).includes('own'));
    assert.deepEqual(readdirSync(join(tinyd.root, 'volumes', 'vol')).sort(), ['_data', 'volume.json']);
  });
});
