import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { type BusyboxRegistry, startBusyboxRegistry } from '../../support/busybox-registry';
import { outcomeOf, Tinyd } from '../../support/tinyd';

/** cp in the state in which a container is. */
for (const state of ['created', 'running', 'exited', 'paused'] as const) {
  describe(`cp, container ${state}`, function () {
    this.timeout(120_000);
    let registry: BusyboxRegistry;
    let tinyd: Tinyd;
    let host: string;

    before(async () => {
      registry = await startBusyboxRegistry();
      tinyd = new Tinyd({ TINYD_REGISTRY_MIRROR: `docker.io=${registry.url}` });
      await tinyd.ok('pull', '-q', 'busybox');
    });
    after(async () => {
      await tinyd.dispose();
      await registry.close();
    });

    beforeEach(async () => {
      host = join(tinyd.base, 'host');
      mkdirSync(join(host, 'tree/sub'), { recursive: true });
      writeFileSync(join(host, 'file'), 'one\n');
      writeFileSync(join(host, 'tree/sub/deep'), 'deep\n');
      chownSync(join(host, 'tree/sub/deep'), 1234, 1235);
      chmodSync(join(host, 'tree/sub/deep'), 0o4751);
      utimesSync(join(host, 'tree/sub/deep'), 1_500_000_000, 1_500_000_000);
      utimesSync(join(host, 'tree/sub'), 1_400_000_000, 1_400_000_000);
      symlinkSync('sub/deep', join(host, 'tree/link'));
      linkSync(join(host, 'tree/sub/deep'), join(host, 'tree/twin'));
      await tinyd.ok('create', '--name', 'box', 'busybox', 'sleep', state === 'exited' ? '0' : '300');
      if (state !== 'created') await tinyd.ok('start', 'box');
      if (state === 'exited') await tinyd.ok('wait', 'box');
      if (state === 'paused') await tinyd.ok('pause', 'box');
    });
    afterEach(async () => {
      await tinyd.run(['rm', '-f', 'box']);
      execFileSync('rm', ['-rf', host]);
    });

    it('brings a tree in and out again: owners, modes, times, links', async () => {
      await tinyd.ok('cp', join(host, 'tree'), 'box:/srv');
      await tinyd.ok('cp', '-a', 'box:/srv', join(host, 'back'));
      const deep = lstatSync(join(host, 'back/sub/deep'));
      assert.equal(deep.mode & 0o7777, 0o4751);
      assert.deepEqual([deep.uid, deep.gid, deep.mtimeMs], [1234, 1235, 1_500_000_000_000]);
      assert.equal(lstatSync(join(host, 'back/sub')).mtimeMs, 1_400_000_000_000);
      assert.equal(readlinkSync(join(host, 'back/link')), 'sub/deep');
      assert.equal(lstatSync(join(host, 'back/twin')).ino, deep.ino);
      assert.deepEqual(readdirSync(join(host, 'back')).sort(), ['link', 'sub', 'twin']);
    });

    it('gives the files to whoever asked, unless -a', async () => {
      await tinyd.ok('cp', join(host, 'tree'), 'box:/srv');
      await tinyd.ok('cp', 'box:/srv/sub/deep', join(host, 'mine'));
      const mine = lstatSync(join(host, 'mine'));
      assert.deepEqual([mine.uid, mine.gid, mine.mode & 0o7777], [0, 0, 0o4751]);
    });

    it("follows docker's rules of what goes where", async () => {
      const names = async (path: string) => {
        const out = join(host, 'listing.tar');
        const tar = await tinyd.run(['cp', `box:${path}`, '-']);
        assert.equal(tar.code, 0, tar.stderr);
        writeFileSync(out, Buffer.from(tar.stdout, 'latin1'));
        return execFileSync('tar', ['tf', out], { encoding: 'utf8' }).trim().split('\n');
      };
      await tinyd.ok('cp', join(host, 'tree'), 'box:/new');
      assert.ok((await names('/new')).includes('new/sub/deep'), 'a missing target becomes the folder');
      await tinyd.ok('cp', join(host, 'tree'), 'box:/new');
      assert.ok((await names('/new')).includes('new/tree/sub/deep'), 'a folder that is there takes it in');
      await tinyd.ok('cp', `${join(host, 'tree')}/.`, 'box:/home');
      assert.ok((await names('/home')).includes('home/sub/deep'), '/. means the content');
      assert.equal(await text('/etc/group').then(Boolean), true);
      await tinyd.ok('cp', join(host, 'file'), 'box:/etc');
      assert.equal(await text('/etc/file'), 'one\n');
      await tinyd.ok('cp', join(host, 'file'), 'box:relative');
      assert.equal(await text('/relative'), 'one\n');
    });

    it('keeps links unless -L, and follows one that is the target', async () => {
      symlinkSync('file', join(host, 'alias'));
      await tinyd.ok('cp', join(host, 'alias'), 'box:/alias');
      await tinyd.ok('cp', '-L', join(host, 'alias'), 'box:/real');
      assert.equal(await text('/real'), 'one\n');
      await tinyd.ok('cp', 'box:/alias', join(host, 'out'));
      assert.equal(readlinkSync(join(host, 'out')), 'file');
      // /alias leads to /file, which does not exist yet.
      await tinyd.ok('cp', '-L', join(host, 'alias'), 'box:/alias');
      assert.equal(await text('/file'), 'one\n');
    });

    const REFUSED = [
      { title: 'a missing source', args: ['box:/absent', '.'], says: /absent.*ERR_TINYD_COPY_SOURCE/s },
      { title: 'a missing parent', args: ['FILE', 'box:/no/x'], says: /ERR_TINYD_COPY_TARGET/ },
      {
        title: 'a missing folder',
        args: ['FILE', 'box:/no/'],
        says: /no such directory.*ERR_TINYD_COPY_TARGET/s,
      },
      { title: 'a folder over a file', args: ['TREE', 'box:/etc/passwd'], says: /ERR_TINYD_COPY_TARGET/ },
      { title: 'a file taken for a folder', args: ['box:/etc/passwd/', '.'], says: /ERR_TINYD_COPY_SOURCE/ },
      { title: 'no container', args: ['FILE', 'TREE'], says: /ERR_TINYD_USAGE/ },
      { title: 'two containers', args: ['box:/etc', 'box:/x'], says: /ERR_TINYD_USAGE/ },
    ];
    for (const { title, args, says } of REFUSED) {
      it(`refuses ${title}, and changes nothing`, async () => {
        const real = args.map(arg =>
          arg.replace('FILE', join(host, 'file')).replace('TREE', join(host, 'tree')),
        );
        const before = await tinyd.ok('diff', 'box');
        const outcome = await tinyd.run(['cp', ...real]);
        assert.equal(outcome.code, 1, outcome.stderr);
        assert.match(outcome.stderr, says);
        assert.equal(await tinyd.ok('diff', 'box'), before);
      });
    }

    it('extracts an archive from standard input, into a folder only', async () => {
      const tar = execFileSync('tar', ['c', '-C', host, 'tree']);
      const good = await tinyd.run(['cp', '-', 'box:/tmp'], tar);
      assert.equal(good.code, 0, good.stderr);
      assert.equal(await text('/tmp/tree/sub/deep'), 'deep\n');
      const bad = await tinyd.run(['cp', '-', 'box:/tmp/absent'], tar);
      assert.match(bad.stderr, /ERR_TINYD_COPY_TARGET/);
      const cut = await tinyd.run(['cp', '-', 'box:/tmp'], tar.subarray(0, 700));
      assert.match(cut.stderr, /ERR_TINYD_LAYER_INVALID/);
    });

    it('lets no entry of an archive lead out of the folder', async () => {
      const canary = join(host, 'canary');
      writeFileSync(canary, 'untouched');
      symlinkSync(host, join(host, 'tree/exit'));
      const link = execFileSync('tar', ['c', '-C', join(host, 'tree'), 'exit']);
      const through = execFileSync('tar', [
        'c',
        '-C',
        host,
        '--transform',
        's,^canary$,exit/canary,',
        'canary',
      ]);
      const dots = execFileSync('tar', [
        'c',
        '-P',
        '-C',
        host,
        '--transform',
        's,^file$,../../file,',
        'file',
      ]);
      assert.equal((await tinyd.run(['cp', '-', 'box:/tmp'], link)).code, 0);
      writeFileSync(canary, 'still here');
      assert.match((await tinyd.run(['cp', '-', 'box:/tmp'], through)).stderr, /ERR_TINYD_COPY_TARGET/);
      assert.match((await tinyd.run(['cp', '-', 'box:/tmp'], dots)).stderr, /ERR_TINYD_LAYER_INVALID/);
      assert.equal(readFileSync(canary, 'utf8'), 'still here');
    });

    async function text(path: string): Promise<string> {
      const out = join(host, 'text');
      await tinyd.ok('cp', '-L', `box:${path}`, out);
      const content = readFileSync(out, 'utf8');
      execFileSync('rm', ['-f', out]);
      return content;
    }
  });
}

describe('cp and mounts', function () {
  this.timeout(120_000);
  let registry: BusyboxRegistry;
  let tinyd: Tinyd;

  before(async () => {
    registry = await startBusyboxRegistry();
  });
  after(() => registry.close());
  beforeEach(async () => {
    tinyd = new Tinyd({ TINYD_REGISTRY_MIRROR: `docker.io=${registry.url}` });
    await tinyd.ok('pull', '-q', 'busybox');
    mkdirSync(join(tinyd.base, 'bound'));
    writeFileSync(join(tinyd.base, 'bound/there'), 'there\n');
    writeFileSync(join(tinyd.base, 'file'), 'new\n');
  });
  afterEach(() => tinyd.dispose());

  for (const state of ['created', 'running']) {
    it(`goes into a bind mount, container ${state}`, async () => {
      const { base } = tinyd;
      await tinyd.ok('create', '--name', 'box', '-v', `${base}/bound:/data`, 'busybox', 'sleep', '300');
      if (state === 'running') await tinyd.ok('start', 'box');
      await tinyd.ok('cp', `${base}/file`, 'box:/data/');
      assert.equal(readFileSync(`${base}/bound/file`, 'utf8'), 'new\n');
      await tinyd.ok('cp', 'box:/data/there', `${base}/out`);
      assert.equal(readFileSync(`${base}/out`, 'utf8'), 'there\n');
    });

    it(`refuses to write where the container may not, container ${state}`, async () => {
      const { base } = tinyd;
      const mounts = ['-v', `${base}/bound:/data:ro`, '-v', `${base}/bound/there:/one`];
      await tinyd.ok('create', '--name', 'box', '--read-only', ...mounts, 'busybox', 'sleep', '300');
      if (state === 'running') await tinyd.ok('start', 'box');
      for (const target of ['/data/x', '/x', '/one']) {
        const outcome = await tinyd.run(['cp', `${base}/file`, `box:${target}`]);
        assert.equal(outcome.code, 1, target);
        assert.match(outcome.stderr, /EROFS.* copy to a volume that is not|ERR_TINYD_COPY_TARGET/);
      }
      assert.deepEqual(readdirSync(`${base}/bound`), ['there']);
      assert.equal(readFileSync(`${base}/bound/there`, 'utf8'), 'there\n');
    });
  }

  it('leaves the holes of a file, in both directions', async () => {
    const { base } = tinyd;
    await tinyd.ok('create', '--name', 'box', 'busybox', 'sleep', '300');
    const size = 4 * 1024 ** 3;
    const fd = openSync(`${base}/sparse`, 'w');
    writeSync(fd, 'middle', 3_000_000_000);
    ftruncateSync(fd, size);
    closeSync(fd);
    await tinyd.ok('cp', `${base}/sparse`, 'box:/sparse');
    await tinyd.ok('cp', 'box:/sparse', `${base}/back`);
    const back = statSync(`${base}/back`);
    assert.equal(back.size, size);
    assert.ok(back.blocks * 512 < 1024 ** 2, `${back.blocks} blocks`);
    const read = openSync(`${base}/back`, 'r');
    const bytes = Buffer.alloc(8);
    readSync(read, bytes, 0, 8, 2_999_999_999);
    closeSync(read);
    assert.equal(bytes.toString(), '\0middle\0');
  });

  it('reaches what is mounted, and takes nothing of the kernel along that nobody named', async () => {
    const { base } = tinyd;
    const mounts = ['--tmpfs', '/memory', '-v', `${base}/bound:/data`];
    const script = 'echo kept > /memory/f; echo ready; sleep 300';
    await tinyd.ok('run', '-d', '--name', 'box', ...mounts, 'busybox', 'sh', '-c', script);
    while (!(await tinyd.ok('logs', 'box')).includes('ready'))
      await new Promise(done => setTimeout(done, 20));
    await tinyd.ok('cp', 'box:/', `${base}/root`);
    for (const name of ['proc', 'sys', 'dev'])
      assert.deepEqual(readdirSync(`${base}/root/${name}`), [], name);
    assert.equal(readFileSync(`${base}/root/memory/f`, 'utf8'), 'kept\n');
    assert.equal(readFileSync(`${base}/root/data/there`, 'utf8'), 'there\n');
    for (const path of ['/proc/version', '/proc', '/sys/kernel']) {
      const { stderr } = await tinyd.run(['cp', `box:${path}`, `${base}/shown`]);
      assert.match(stderr, /shows the kernel's state.*ERR_TINYD_COPY_SOURCE/, path);
    }
    assert.ok(!existsSync(`${base}/shown`));
    await tinyd.ok('cp', 'box:/dev/.', `${base}/devices`);
    assert.ok(lstatSync(`${base}/devices/null`).isCharacterDevice());
  });

  it('leaves no mount and no process when it is killed in its middle', async () => {
    await tinyd.ok('create', '--name', 'box', 'busybox', 'true');
    const before = readFileSync('/proc/self/mounts', 'utf8');
    const child = tinyd.spawn(['cp', '-', 'box:/tmp'], { stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin?.on('error', () => {});
    writeFileSync(join(tinyd.base, 'big'), Buffer.alloc(400_000, 'x'));
    child.stdin?.write(execFileSync('tar', ['c', '-C', tinyd.base, 'big']).subarray(0, 100_000));
    const upper = join(tinyd.root, 'containers', await tinyd.ok('ps', '-aq', '--no-trunc'), 'upper/tmp');
    while (!existsSync(upper) || readdirSync(upper).length === 0)
      await new Promise(done => setTimeout(done, 20));
    assert.equal(readFileSync('/proc/self/mounts', 'utf8'), before, 'a mount of the host');
    child.kill('SIGKILL');
    assert.equal((await outcomeOf(child)).signal, 'SIGKILL');
    assert.equal(await tinyd.ok('start', '-a', 'box'), '');
    await tinyd.ok('rm', 'box');
  });
});
