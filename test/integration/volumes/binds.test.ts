import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BusyboxRegistry, startBusyboxRegistry } from '../../support/busybox-registry';
import { Tinyd } from '../../support/tinyd';

describe('folders of the host that have mounts below them', function () {
  this.timeout(60_000);
  let registry: BusyboxRegistry;
  let tinyd: Tinyd;
  let source: string;
  let inner: string;

  before(async () => {
    registry = await startBusyboxRegistry();
  });
  after(() => registry.close());
  beforeEach(async () => {
    tinyd = new Tinyd({ TINYD_REGISTRY_MIRROR: `docker.io=${registry.url}` });
    await tinyd.ok('pull', '-q', 'busybox');
    source = join(tinyd.base, 'a b');
    inner = join(source, 'inner');
    mkdirSync(source);
    // A mount of its own, so that its propagation is the test's alone.
    execFileSync('mount', ['-t', 'tmpfs', 'outer', source]);
    execFileSync('mount', ['--make-private', source]);
    mkdirSync(inner);
    execFileSync('mount', ['-t', 'tmpfs', 'inner', inner]);
    writeFileSync(join(inner, 'f'), 'below');
  });
  afterEach(async () => {
    await tinyd.run(['rm', '-f', 'box']);
    execFileSync('umount', ['-R', source]);
    await tinyd.dispose();
  });

  const tries = 'ls /x/inner; for p in /x /x/inner; do touch $p/new 2>/dev/null && echo $p; done; true';
  const inside = (fields: string): Promise<string> =>
    tinyd.ok(
      ...['run', '--rm', '--network', 'none', '--mount', `type=bind,src=${source},dst=/x${fields}`],
      ...['busybox', 'sh', '-c', tries],
    );

  it('show them, unless told not to', async () => {
    assert.equal(await inside(''), 'f\n/x\n/x/inner');
    assert.ok(existsSync(join(inner, 'new')));
    assert.equal(await inside(',bind-recursive=disabled'), '/x\n/x/inner');
    assert.equal(await inside(',bind-nonrecursive'), 'new\n/x\n/x/inner');
    assert.equal(readFileSync(join(inner, 'f'), 'utf8'), 'below');
  });

  it('are read-only with all of them, unless told not to', async () => {
    assert.equal(await inside(',readonly'), 'f');
    assert.equal(await inside(',readonly,bind-recursive=readonly,bind-propagation=rprivate'), 'f');
    assert.equal(await inside(',readonly,bind-recursive=writable'), 'f\n/x/inner');
  });

  it('are the same for cp, in a container that does not run', async () => {
    const host = join(tinyd.base, 'file');
    writeFileSync(host, 'copied');
    const create = (fields: string) =>
      tinyd.ok('create', '--name', 'box', '--mount', `type=bind,src=${source},dst=/x${fields}`, 'busybox');
    await create(',bind-recursive=disabled');
    await tinyd.ok('cp', host, 'box:/x/inner/hidden');
    assert.ok(!existsSync(join(inner, 'hidden')), 'it went into the mount below');
    await tinyd.ok('rm', 'box');
    await create(',readonly,bind-recursive=writable');
    await tinyd.ok('cp', host, 'box:/x/inner/shown');
    assert.equal(readFileSync(join(inner, 'shown'), 'utf8'), 'copied');
    assert.equal((await tinyd.run(['cp', host, 'box:/x/top'])).code, 1);
    await tinyd.ok('rm', 'box');
    await create(',readonly');
    assert.equal((await tinyd.run(['cp', host, 'box:/x/inner/not'])).code, 1);
  });

  it('let mounts spread where the host lets them, and are refused where it does not', async () => {
    for (const word of ['rshared', 'shared', 'rslave', 'slave']) {
      const { code, stderr } = await tinyd.run([
        'run',
        '--rm',
        '-v',
        `${source}:/x:${word}`,
        'busybox',
        'true',
      ]);
      assert.equal(code, 125, word);
      assert.match(stderr, /a b is not a shared mount.*ERR_TINYD_MOUNT_INVALID/);
    }
    execFileSync('mount', ['--make-shared', source]);
    mkdirSync(join(source, 'later'));
    mkdirSync(join(source, 'own'));
    for (const [word, seen, shown] of [
      ['rprivate', false, false],
      ['rslave', true, false],
      ['rshared', true, true],
    ] as const) {
      const script = 'mount -t tmpfs own /x/own && touch /x/own/made; echo ready; sleep 60';
      const flags = ['--privileged', '--network', 'none', '-v', `${source}:/x:${word}`];
      await tinyd.ok('run', '-d', '--name', 'box', ...flags, 'busybox', 'sh', '-c', script);
      while (!(await tinyd.ok('logs', 'box')).includes('ready')) await sleep(50);
      execFileSync('mount', ['-t', 'tmpfs', 'later', join(source, 'later')]);
      writeFileSync(join(source, 'later', 'seen'), '');
      assert.equal(await tinyd.ok('exec', 'box', 'ls', '/x/later'), seen ? 'seen' : '', word);
      assert.equal(existsSync(join(source, 'own', 'made')), shown, word);
      execFileSync('umount', [join(source, 'later')]);
      await tinyd.ok('rm', '-f', 'box');
      if (shown) execFileSync('umount', [join(source, 'own')]);
    }
    assert.equal(readFileSync(join(inner, 'f'), 'utf8'), 'below');
  });
});
