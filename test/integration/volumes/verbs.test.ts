import { strict as assert } from 'node:assert';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RegistryServer } from '@tinyd/registry';
import type { Tinyd } from '../../support/tinyd';
import { serveImages, tinydFor } from './volume-image';

describe('the volume commands', function () {
  this.timeout(60_000);
  let registry: RegistryServer;
  let tinyd: Tinyd;

  before(async () => {
    registry = await serveImages([{ name: 'busybox', layers: [] }]);
  });
  after(() => registry.close());
  beforeEach(() => {
    tinyd = tinydFor(registry);
  });
  afterEach(() => tinyd.dispose());

  const folder = (): string => join(tinyd.root, 'volumes');
  const names = (): string[] => readdirSync(folder()).sort();

  it('create, list, inspect and remove', async () => {
    assert.equal(await tinyd.ok('volume', 'create', '--label', 'a=b', 'data'), 'data');
    assert.equal(await tinyd.ok('volume', 'create', 'data'), 'data', 'a second create is no error');
    const anonymous = await tinyd.ok('volume', 'create');
    assert.match(anonymous, /^[0-9a-f]{64}$/);
    const rows = (await tinyd.ok('volume', 'ls')).split('\n');
    assert.match(rows[0] ?? '', /^DRIVER {4}VOLUME NAME$/);
    assert.deepEqual(rows.slice(1).sort(), [`local     ${anonymous}`, 'local     data'].sort());
    const [inspected] = JSON.parse(await tinyd.ok('volume', 'inspect', 'data')) as Record<string, unknown>[];
    assert.deepEqual(
      { ...inspected, CreatedAt: '' },
      {
        CreatedAt: '',
        Driver: 'local',
        Labels: { a: 'b' },
        Mountpoint: join(folder(), 'data', '_data'),
        Name: 'data',
        Options: null,
        Scope: 'local',
      },
    );
    assert.equal(await tinyd.ok('volume', 'inspect', '-f', '{{.Scope}}', anonymous), 'local');
    assert.equal(await tinyd.ok('volume', 'rm', 'data', anonymous), `data\n${anonymous}`);
    assert.deepEqual(names(), []);
  });

  it('filter and format a list as docker does', async () => {
    await tinyd.ok('volume', 'create', '--label', 'keep', 'one');
    await tinyd.ok('volume', 'create', 'two');
    await tinyd.ok('create', '-v', 'two:/x', 'busybox');
    const list = (...args: string[]) => tinyd.ok('volume', 'ls', '-q', ...args);
    assert.equal(await list('-f', 'dangling=true'), 'one');
    assert.equal(await list('-f', 'dangling=false'), 'two');
    assert.equal(await list('-f', 'label=keep'), 'one');
    assert.equal(await list('-f', 'name=w'), 'two');
    assert.equal(await list('-f', 'driver=nfs'), '');
    assert.equal(await tinyd.ok('volume', 'ls', '--format', '{{.Name}}:{{.Labels}}'), 'one:keep=\ntwo:');
    const unknown = await tinyd.run(['volume', 'ls', '-f', 'size=1']);
    assert.match(unknown.stderr, /there is no filter "size"/);
  });

  it('refuse names that would lead elsewhere, drivers and options', async () => {
    for (const name of ['a', '../x', '.hidden', 'a/b', '-', 'ä1', 'x'.repeat(256)]) {
      const { code, stderr } = await tinyd.run(['volume', 'create', '--', name]);
      assert.equal(code, 1, name);
      assert.match(stderr, /ERR_TINYD_NAME_INVALID/);
    }
    assert.match((await tinyd.run(['volume', 'create', '-d', 'nfs', 'xx'])).stderr, /OPTION_UNSUPPORTED/);
    for (const words of [
      ['-o', 'type=nfs', '-o', 'device=:/x'],
      ['-o', 'type=tmpfs', '-o', 'device=tmpfs'],
      ['-o', 'type=none', '-o', 'o=bind,exec', '-o', 'device=/tmp'],
    ])
      assert.match((await tinyd.run(['volume', 'create', ...words, 'xx'])).stderr, /OPTION_UNSUPPORTED/);
    for (const words of [
      ['-o', 'type=none', '-o', 'o=bind', '-o', 'device=tmp'],
      ['-o', 'size=1m'],
    ])
      assert.match((await tinyd.run(['volume', 'create', ...words, 'xx'])).stderr, /OPTION_INVALID/);
    for (const name of ['absent', '../root', '.']) {
      for (const verb of ['rm', 'inspect']) {
        const { code, stderr } = await tinyd.run(['volume', verb, name]);
        assert.equal(code, 1);
        assert.match(stderr, /no such volume/);
      }
    }
    assert.equal(await tinyd.ok('volume', 'rm', '-f', 'absent'), 'absent');
  });

  it('refuse to remove what a container uses, naming it', async () => {
    await tinyd.ok('create', '--name', 'web', '-v', 'data:/x', 'busybox');
    const { code, stderr } = await tinyd.run(['volume', 'rm', '-f', 'data']);
    assert.equal(code, 1);
    assert.match(stderr, /remove volume data: container web uses it/);
    await tinyd.ok('create', '--name', 'db', '-v', 'data:/x', 'busybox');
    assert.match((await tinyd.run(['volume', 'rm', 'data'])).stderr, /containers (?:web, db|db, web) use it/);
    await tinyd.ok('rm', 'db');
    await tinyd.ok('rm', 'web');
    await tinyd.ok('volume', 'rm', 'data');
  });

  it('prune what is anonymous and unused, and more with --all, after asking', async () => {
    const anonymous = await tinyd.ok('volume', 'create');
    writeFileSync(join(folder(), anonymous, '_data', 'f'), Buffer.alloc(1500));
    await tinyd.ok('volume', 'create', 'named');
    await tinyd.ok('create', '--name', 'user', '-v', '/x', 'busybox');
    const refused = await tinyd.run(['volume', 'prune'], 'n\n');
    assert.equal(refused.code, 0);
    assert.match(
      refused.stdout,
      /^WARNING! This will remove anonymous local volumes not used by at least one container\.\nAre you sure you want to continue\? \[y\/N\] $/,
    );
    assert.ok(existsSync(join(folder(), anonymous)), 'it was removed without a yes');
    const pruned = await tinyd.run(['volume', 'prune'], 'y\n');
    assert.match(
      pruned.stdout,
      new RegExp(`Deleted Volumes:\\n${anonymous}\\n\\nTotal reclaimed space: 1.5kB\\n$`),
    );
    assert.equal(names().length, 2);
    assert.equal(
      await tinyd.ok('volume', 'prune', '-a', '-f', '--filter', 'label=none'),
      'Total reclaimed space: 0B',
    );
    assert.match(await tinyd.ok('volume', 'prune', '-a', '-f'), /^Deleted Volumes:\nnamed\n/);
    assert.equal(names().length, 1, 'a volume in use was pruned');
  });

  it('collect what a killed command left half made or half removed', async () => {
    await tinyd.ok('volume', 'create', 'data');
    for (const half of ['.tmp-0123', '.removing-4567']) {
      mkdirSync(join(folder(), half, '_data', 'deep'), { recursive: true });
    }
    assert.equal(await tinyd.ok('volume', 'ls', '-q'), 'data');
    await tinyd.ok('volume', 'create', 'more');
    assert.deepEqual(names(), ['data', 'more']);
  });

  it('make one volume when many ask for it at once', async () => {
    const all = await Promise.all(
      Array.from({ length: 6 }, (_, i) =>
        tinyd.run(['create', '-v', 'shared:/x', '--name', `c${i}`, 'busybox']),
      ),
    );
    assert.deepEqual(
      all.map(({ code, stderr }) => [code, stderr.includes('ERR')]),
      Array(6).fill([0, false]),
    );
    assert.deepEqual(names(), ['shared']);
  });

  it('create and rm at the same moment never leave a container without its volume', async () => {
    await tinyd.ok('pull', '-q', 'busybox');
    for (let round = 0; round < 6; round++) {
      const [created, removed] = await Promise.all([
        tinyd.run(['create', '--name', 'c', '-v', 'data:/x', 'busybox']),
        tinyd.run(['volume', 'rm', 'data']),
        tinyd.run(['volume', 'rm', 'data']),
      ]);
      assert.equal(created.code, 0, created.stderr);
      assert.ok(existsSync(join(folder(), 'data', '_data')), `removed: ${removed.stderr}`);
      await tinyd.ok('rm', 'c');
    }
  });

  it('are listed in help and completion', async () => {
    assert.match(await tinyd.ok('volume', 'ls', '--help'), /tinyd volume ls \[OPTIONS\]/);
    assert.match(await tinyd.ok('help', 'volume', 'prune'), /Remove volumes that no container uses/);
    assert.match(await tinyd.ok('--help'), /Volumes:\n {2}volume create/);
    assert.match(
      await tinyd.ok('completion', 'bash'),
      /'volume rm'\|'volume remove'\).* operands=\$\(tinyd volume ls -q/,
    );
    for (const words of [['volume'], ['volume', '--help'], ['help', 'volume']]) {
      const help = await tinyd.ok(...words);
      assert.match(help, /^Usage: {2}tinyd volume COMMAND[\s\S]*\n {2}create +Create a volume\n/);
    }
    const { stderr } = await tinyd.run(['volume', 'lst']);
    assert.match(stderr, /did you mean volume ls\?/);
  });
});
