import { strict as assert } from 'node:assert';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RegistryServer } from '@tinyd/registry';
import type { Tinyd } from '../../support/tinyd';
import { serveImages, tinydFor } from './volume-image';

interface MountPoint {
  readonly Type: string;
  readonly Name?: string;
  readonly Source: string;
  readonly Destination: string;
  readonly RW: boolean;
}

describe('volumes in containers', function () {
  this.timeout(90_000);
  let registry: RegistryServer;
  let tinyd: Tinyd;

  before(async () => {
    registry = await serveImages([
      { name: 'busybox', layers: [] },
      { name: 'db', layers: [[{ name: 'data/', type: 'directory' }]], volumes: ['/data', '/log/'] },
      {
        name: 'escape',
        layers: [[{ name: 'out', type: 'symlink', linkname: '/../../..' }]],
        volumes: ['/../../data', 'out/x'],
      },
    ]);
  });
  after(() => registry.close());
  beforeEach(() => {
    tinyd = tinydFor(registry);
  });
  afterEach(() => tinyd.dispose());

  const volumes = (): string[] => {
    const folder = join(tinyd.root, 'volumes');
    return existsSync(folder) ? readdirSync(folder).sort() : [];
  };
  const data = (name: string, ...path: string[]): string =>
    join(tinyd.root, 'volumes', name, '_data', ...path);
  const sh = (flags: readonly string[], script: string, image = 'busybox') =>
    tinyd.run(['run', '--rm', ...flags, image, 'sh', '-c', script]);
  const mountsOf = async (name: string): Promise<MountPoint[]> =>
    JSON.parse(await tinyd.ok('inspect', '-f', '{{json .Mounts}}', name)) as MountPoint[];

  it('keep what one container wrote for the next', async () => {
    assert.equal((await sh(['-v', 'data:/d'], 'echo kept > /d/f')).code, 0);
    assert.equal(readFileSync(data('data', 'f'), 'utf8'), 'kept\n');
    assert.equal((await sh(['-v', 'data:/e:ro'], 'cat /e/f')).stdout, 'kept\n');
    const readOnly = await sh(['-v', 'data:/e:ro'], 'echo x > /e/f');
    assert.match(readOnly.stderr, /Read-only file system/);
    const mounted = await sh(['--mount', 'type=volume,src=data,dst=/m,readonly'], 'cat /m/f; echo x > /m/f');
    assert.match(mounted.stdout + mounted.stderr, /^kept\n.*Read-only/s);
    assert.deepEqual(volumes(), ['data']);
  });

  it('go with a --rm container when nobody named them, and stay otherwise', async () => {
    assert.equal((await sh(['-v', '/a', '-v', 'named:/b'], 'echo x > /a/f; echo x > /b/f')).code, 0);
    assert.deepEqual(volumes(), ['named'], 'the anonymous volume stayed');
    await tinyd.ok(
      'run',
      '--name',
      'c',
      '-v',
      '/a',
      '-v',
      'named:/b',
      'busybox',
      'sh',
      '-c',
      'echo x > /a/f',
    );
    assert.equal(volumes().length, 2);
    await tinyd.ok('rm', 'c');
    assert.equal(volumes().length, 2, 'rm without -v removed a volume');
    await tinyd.ok('run', '--name', 'c', '-v', '/a', '-v', 'named:/b', 'busybox', 'true');
    await tinyd.ok('rm', '-v', 'c');
    assert.equal(volumes().length, 2);
    assert.ok(volumes().includes('named'));
  });

  it('go with a --rm container that is removed before it started, or that cannot start', async () => {
    await tinyd.ok('create', '--rm', '--name', 'c', '-v', '/a', 'busybox');
    assert.equal(volumes().length, 1);
    await tinyd.ok('rm', 'c');
    assert.deepEqual(volumes(), []);
    assert.equal((await tinyd.run(['run', '--rm', '-v', '/a', 'busybox', 'nonexistent'])).code, 127);
    assert.deepEqual(volumes(), []);
  });

  it('leave nothing when a create fails', async () => {
    await tinyd.ok('volume', 'create', 'old');
    const failed = await tinyd.run([
      'create',
      '-v',
      '/a',
      '-v',
      'new:/b',
      '-v',
      'old:/c',
      '--user',
      'nobody-there',
      'busybox',
    ]);
    assert.equal(failed.code, 125);
    assert.deepEqual(volumes(), ['old']);
  });

  it('of an image are anonymous unless something covers them', async () => {
    await tinyd.ok('create', '--name', 'c', 'db');
    const mounts = await mountsOf('c');
    assert.deepEqual(
      mounts.map(mount => [mount.Type, mount.Destination, mount.RW]),
      [
        ['volume', '/data', true],
        ['volume', '/log', true],
      ],
    );
    for (const mount of mounts) {
      assert.match(mount.Name ?? '', /^[0-9a-f]{64}$/);
      assert.equal(mount.Source, data(mount.Name ?? ''));
    }
    await tinyd.ok('create', '--name', 'covered', '-v', 'named:/data', '--tmpfs', '/log', 'db');
    assert.deepEqual(
      (await mountsOf('covered')).map(mount => mount.Name),
      ['named'],
    );
    assert.equal(
      await tinyd.ok('ps', '-aq', '--no-trunc', '--filter', 'volume=named'),
      await tinyd.ok('inspect', '-f', '{{.Id}}', 'covered'),
    );
    assert.equal(
      await tinyd.ok('ps', '-a', '--filter', 'name=covered', '--format', '{{.Mounts}} {{.LocalVolumes}}'),
      'named 1',
    );
  });

  it('are what --volumes-from takes over, read-only if asked', async () => {
    const host = join(tinyd.base, 'host');
    mkdirSync(host);
    writeFileSync(join(host, 'f'), 'bound');
    await tinyd.ok(
      'run',
      '--name',
      'a',
      '-v',
      `${host}:/h`,
      '-v',
      'named:/n',
      'db',
      'sh',
      '-c',
      'echo 1 > /data/f',
    );
    const seen = await sh(['--volumes-from', 'a'], 'cat /h/f /data/f; echo 2 > /n/f');
    assert.equal(seen.stdout, 'bound1\n');
    assert.equal(readFileSync(data('named', 'f'), 'utf8'), '2\n');
    const readOnly = await sh(
      ['--volumes-from', 'a:ro', '-v', '/n'],
      'echo 3 > /n/f && echo own; echo 3 > /data/f',
    );
    assert.equal(readOnly.stdout, 'own\n');
    assert.match(readOnly.stderr, /Read-only/);
    assert.equal((await sh([], 'test -d /data')).code, 1);
    // The --rm containers above took nothing along that was not theirs.
    assert.equal((await sh(['--volumes-from', 'a'], 'cat /data/f')).stdout, '1\n');
    assert.equal(volumes().length, 3);
    await tinyd.ok('create', '--name', 'b', '--volumes-from', 'a', 'busybox');
    await tinyd.ok('rm', '-v', 'a');
    assert.equal(volumes().length, 3, 'what b mounts is to stay');
    await tinyd.ok('rm', '-v', 'b');
    assert.deepEqual(volumes(), ['named'], 'nobody has the others any more');
    assert.match(
      (await tinyd.run(['create', '--volumes-from', 'absent', 'busybox'])).stderr,
      /no such container/,
    );
  });

  it('that go with another container cannot be shared', async () => {
    await tinyd.ok('create', '--rm', '--name', 'a', 'db');
    const [mount] = await mountsOf('a');
    const from = await tinyd.run(['create', '--volumes-from', 'a', 'busybox']);
    assert.match(from.stderr, /goes with it \(--rm\)/);
    const named = await tinyd.run(['create', '-v', `${mount?.Name ?? ''}:/x`, 'busybox']);
    assert.match(named.stderr, /it goes with container/);
    assert.equal(volumes().length, 2);
  });

  it('mount a part that is looked up inside the volume, wherever its links point', async () => {
    await tinyd.ok('volume', 'create', 'data');
    mkdirSync(data('data', 'sub', 'deep'), { recursive: true });
    writeFileSync(data('data', 'sub', 'deep', 'f'), 'inside');
    symlinkSync('/sub/deep', data('data', 'good'));
    symlinkSync('../../../../../../../..', data('data', 'up'));
    symlinkSync('/etc', data('data', 'away'));
    const part = (path: string) =>
      sh(['--mount', `type=volume,src=data,dst=/m,volume-subpath=${path}`], 'ls /m; cat /m/f');
    assert.equal((await part('sub/deep')).stdout, 'f\ninside');
    assert.equal((await part('good')).stdout, 'f\ninside');
    assert.equal((await part('sub/deep/f')).stdout, '/m\n', 'a file is a file');
    const out = await part('up');
    assert.deepEqual(
      out.stdout.split('\n').sort().slice(1),
      ['away', 'good', 'sub', 'up'],
      'it led out of the volume',
    );
    const away = await part('away');
    assert.equal(away.code, 125);
    assert.match(away.stderr, /no such file or folder in the volume/);
  });

  it('an image cannot lead out of its root', async () => {
    const result = await sh([], 'ls -d /data /x; touch /data/f /x/f', 'escape');
    assert.equal(result.stdout, '/data\n/x\n');
    assert.deepEqual(volumes(), []);
    assert.ok(!existsSync('/x') || !existsSync('/x/f'));
  });

  it('are told by inspect as docker tells them', async () => {
    await tinyd.ok(
      'create',
      '--name',
      'c',
      '-v',
      'data:/d:ro',
      '-v',
      '/a',
      '--mount',
      'type=volume,src=x1,dst=/m',
      'busybox',
    );
    const [d, a, m] = await mountsOf('c');
    assert.deepEqual(d, {
      Type: 'volume',
      Name: 'data',
      Source: data('data'),
      Destination: '/d',
      Driver: 'local',
      Mode: 'ro',
      RW: false,
      Propagation: '',
    });
    assert.match(a?.Name ?? '', /^[0-9a-f]{64}$/);
    assert.equal(m?.Name, 'x1');
    assert.deepEqual(JSON.parse(await tinyd.ok('inspect', '-f', '{{json .HostConfig.Binds}}', 'c')), [
      'data:/d:ro',
      'x1:/m',
    ]);
  });
});
