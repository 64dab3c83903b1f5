import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BusyboxRegistry, startBusyboxRegistry } from '../../support/busybox-registry';
import { eventually } from '../../support/eventually';
import { Tinyd } from '../../support/tinyd';

interface Inspected {
  readonly Id: string;
  readonly Author: string;
  readonly RootFS: { readonly Layers: readonly string[] };
  readonly Config: Readonly<Record<string, unknown>>;
}

describe('commit', function () {
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
  });
  afterEach(() => tinyd.dispose());

  /** Adds, changes, deletes and replaces, and leaves what only an archive of bytes and attributes can carry. */
  const CHANGES = `rm -r /www/index.html; echo more >> /etc/passwd; rm -rf /home; mkdir /home; echo new > /home/new
    ln /home/new /home/twin; ln -s new /home/link; mkfifo /home/fifo; mknod /home/null c 1 3; chmod 4750 /home/new
    chown 1234:1235 /home/new; touch -d '2001-02-03 04:05:06' /home/new; mkdir -p /root/$(printf '%0120d' 7)/$(printf '%0120d' 8)
    rm /bin/yes /bin/vi /bin/xz`;
  const LOOK = `cat /etc/passwd; cat /home/twin; ls /home /www /bin | grep -v '^[a-z0-9]*$' ; readlink /home/link; stat -c '%a %u:%g %Y %h' /home/new
    ls -l /home/null /home/fifo | cut -c1-44; ls /bin/yes /bin/vi /bin/xz /www/index.html /home/app 2>&1; ls /root/*`;

  for (const state of ['running', 'exited'] as const) {
    it(`makes an image that shows what the container showed, container ${state}`, async () => {
      const script = `${CHANGES}; ${LOOK}; ${state === 'running' ? 'echo ready; sleep 300' : ''}`;
      await tinyd.ok('run', '-d', '--name', 'box', 'busybox', 'sh', '-c', script);
      if (state === 'exited') await tinyd.ok('wait', 'box');
      else while (!(await tinyd.ok('logs', 'box')).includes('ready')) await sleep(50);
      const id = await tinyd.ok('commit', 'box', 'made:1');
      assert.match(id, /^sha256:[0-9a-f]{64}$/);
      const seen = (await tinyd.ok('logs', 'box')).replace(/\n?ready$/, '');
      assert.equal(await tinyd.ok('run', '--rm', 'made:1', 'sh', '-c', `${LOOK}; true`), seen);
      const [image] = JSON.parse(await tinyd.ok('inspect', 'made:1')) as Inspected[];
      assert.equal(image?.Id, id);
      assert.equal(image?.RootFS.Layers.length, 2);
    });
  }

  it('takes over what the container was told, and the changes', async () => {
    await tinyd.ok(
      'create',
      '--name',
      'box',
      '-e',
      'A=1',
      '-l',
      'x=y',
      '-u',
      'app',
      '-w',
      '/tmp',
      'busybox',
      'id',
    );
    const changes = [
      'ENV B="2 3"',
      'CMD ["echo", "hi"]',
      'EXPOSE 80 53/udp',
      'LABEL z=w',
      'VOLUME /data',
      'STOPSIGNAL INT',
      'WORKDIR sub',
    ];
    await tinyd.ok(
      'commit',
      '-a',
      'me',
      '-m',
      'why',
      ...changes.flatMap(line => ['-c', line]),
      'box',
      'made',
    );
    const [image] = JSON.parse(await tinyd.ok('inspect', 'made')) as Inspected[];
    const config = image?.Config ?? {};
    assert.equal(image?.Author, 'me');
    assert.deepEqual([...(config.Env as string[])].sort(), ['A=1', 'B=2 3', 'PATH=/bin:/usr/bin']);
    assert.deepEqual(config.Cmd, ['echo', 'hi']);
    assert.deepEqual(Object.keys(config.ExposedPorts as object).sort(), ['53/udp', '80/tcp']);
    assert.deepEqual(config.Labels, { x: 'y', z: 'w' });
    assert.deepEqual(config.Volumes, { '/data': {} });
    assert.deepEqual([config.User, config.WorkingDir, config.StopSignal], ['app', '/tmp/sub', 'INT']);
    assert.match(await tinyd.ok('history', 'made'), /why/);
    assert.equal(await tinyd.ok('run', '--rm', 'made'), 'hi');
  });

  it('is read by skopeo and umoci', async () => {
    await tinyd.ok('run', '--name', 'box', 'busybox', 'sh', '-c', CHANGES);
    await tinyd.ok('commit', 'box', 'made:1');
    const source = `oci:${tinyd.root}:docker.io/library/made:1`;
    const inspected = JSON.parse(execFileSync('skopeo', ['inspect', source], { encoding: 'utf8' })) as {
      Layers: string[];
    };
    assert.equal(inspected.Layers.length, 2);
    const copy = join(tinyd.base, 'copy');
    execFileSync('skopeo', ['copy', '-q', source, `oci:${copy}:made`]);
    execFileSync('umoci', ['unpack', '--image', `${copy}:made`, join(tinyd.base, 'bundle')]);
    const root = join(tinyd.base, 'bundle/rootfs');
    assert.equal(readFileSync(join(root, 'home/twin'), 'utf8'), 'new\n');
    assert.equal(
      execFileSync('ls', [join(root, 'home')], { encoding: 'utf8' }),
      'fifo\nlink\nnew\nnull\ntwin\n',
    );
    assert.equal(execFileSync('ls', [join(root, 'www')], { encoding: 'utf8' }), '');
  });

  it('writes an archive instead with -o, and leaves the store as it was', async () => {
    await tinyd.ok('run', '--name', 'box', 'busybox', 'sh', '-c', 'echo mine > /note');
    const images = () => tinyd.ok('images', '-a', '--format', '{{.ID}} {{.Repository}}:{{.Tag}}');
    const before = await images();
    const archive = join(tinyd.base, 'made.tar');
    const id = await tinyd.ok('commit', '-o', archive, '-c', 'CMD cat /note', 'box', 'made:1');
    assert.equal(await images(), before);
    assert.match(await tinyd.ok('load', '-i', archive), /made:1/);
    assert.equal(await tinyd.ok('inspect', '-f', '{{.Id}}', 'made:1'), id);
    assert.equal(await tinyd.ok('run', '--rm', 'made:1'), 'mine');
    // What was there before stays.
    await tinyd.ok('commit', '--reproducible', 'box', 'kept');
    const kept = await images();
    await tinyd.ok('commit', '--reproducible', '-o', archive, 'box');
    assert.equal(await images(), kept);
    const failed = await tinyd.run(['commit', '-o', '/nowhere/made.tar', 'box']);
    assert.match(failed.stderr, /write \/nowhere\/made\.tar: .*ERR_TINYD_SYSTEM/);
    assert.equal(await images(), kept);
  });

  it('freezes a container that runs, unless told not to, and lets it go on', async () => {
    // One number in two files: apart only where the container was caught between the two writes.
    const twin = 'i=0; while :; do i=$((i+1)); echo $i > /a; echo $i > /b; done';
    // The shell empties a file before it writes the next number: an empty one is read again.
    const counted = async (): Promise<number> => {
      const text = await tinyd.ok(
        'exec',
        'box',
        'sh',
        '-c',
        'until n=$(cat /a); [ -n "$n" ]; do :; done; echo $n',
      );
      return Number(text);
    };
    await tinyd.ok('run', '-d', '--name', 'box', 'busybox', 'sh', '-c', twin);
    await tinyd.ok('commit', 'box', 'frozen');
    await tinyd.ok('commit', '--pause=false', 'box', 'moving');
    assert.equal(await tinyd.ok('inspect', '-f', '{{.State.Status}}', 'box'), 'running');
    const first = await counted();
    // A disk that is busy may hold the loop up for a while: a frozen one never counts on.
    while ((await counted()) <= first) await sleep(50);
    const [a = '', b = ''] = (await tinyd.ok('run', '--rm', 'frozen', 'cat', '/a', '/b')).split('\n');
    // The shell empties a file before it writes the next number.
    assert.ok(a === '' || b === '' || Math.abs(Number(a) - Number(b)) <= 1, `a ${a}, b ${b}`);
    await tinyd.ok('pause', 'box');
    await tinyd.ok('commit', 'box', 'paused');
    assert.equal(await tinyd.ok('inspect', '-f', '{{.State.Status}}', 'box'), 'paused');
  });

  it('lets a container run on when it is killed while it has it frozen', async () => {
    const fill = 'dd if=/dev/urandom of=/big bs=1M count=64 2>/dev/null; touch /ready; sleep 300';
    await tinyd.ok('run', '-d', '--name', 'box', 'busybox', 'sh', '-c', fill);
    const is = async (wanted: string) =>
      (await tinyd.ok('inspect', '-f', '{{.State.Status}}', 'box')) === wanted;
    await eventually(
      '/ready',
      async () => (await tinyd.run(['exec', 'box', 'test', '-e', '/ready'])).code === 0,
    );
    const commit = tinyd.spawn(['commit', 'box', 'never'], { stdio: 'ignore' });
    await eventually('frozen', () => is('paused'));
    commit.kill('SIGKILL');
    await eventually('thawed', () => is('running'));
    assert.equal(await tinyd.ok('exec', 'box', 'echo', 'alive'), 'alive');
  });

  it('makes the same image of the same content with --reproducible', async () => {
    const fixed = new Tinyd({
      SOURCE_DATE_EPOCH: '1000000000',
      TINYD_ROOT: tinyd.root,
      TINYD_STATE: tinyd.state,
    });
    const ids: string[] = [];
    for (const name of ['one', 'two']) {
      await tinyd.ok(
        'run',
        '--name',
        name,
        'busybox',
        'sh',
        '-c',
        'echo x > /x; mkdir /d; echo z > /d/z; rm /bin/yes',
      );
      await sleep(1100);
      ids.push((await fixed.run(['commit', '--reproducible', name])).stdout.trim());
    }
    assert.match(ids[0] ?? '', /^sha256:/);
    assert.equal(ids[0], ids[1]);
    assert.equal(await tinyd.ok('run', '--rm', ids[0] ?? '', 'stat', '-c', '%Y', '/x'), '1000000000');
    await fixed.dispose();
  });

  it('refuses what it cannot do, and leaves no image', async () => {
    await tinyd.ok('run', '--name', 'box', 'busybox', 'touch', '/.wh.passwd');
    const before = await tinyd.ok('images', '-aq');
    const cases: [string[], RegExp][] = [
      [['box', 'made'], /\.wh\.passwd.*ERR_TINYD_LAYER_INVALID/s],
      [['box', 'UPPER'], /ERR_TINYD_REFERENCE_INVALID/],
      [['-c', 'RUN true', 'box'], /RUN.*ERR_TINYD_OPTION_INVALID/s],
      [['absent'], /ERR_TINYD_CONTAINER_NOT_FOUND/],
    ];
    for (const [args, says] of cases) {
      const outcome = await tinyd.run(['commit', ...args]);
      assert.equal(outcome.code, 1, outcome.stderr);
      assert.match(outcome.stderr, says);
    }
    assert.equal(await tinyd.ok('images', '-aq'), before);
  });
});

describe('diff and export', function () {
  this.timeout(120_000);
  let registry: BusyboxRegistry;
  let tinyd: Tinyd;

  before(async () => {
    registry = await startBusyboxRegistry();
    tinyd = new Tinyd({ TINYD_REGISTRY_MIRROR: `docker.io=${registry.url}` });
    await tinyd.ok('pull', '-q', 'busybox');
  });
  afterEach(async () => {
    await tinyd.run(['rm', '-f', 'box']);
  });
  after(async () => {
    await tinyd.dispose();
    await registry.close();
  });

  it('lists nothing for a container that changed nothing, started or not', async () => {
    await tinyd.ok('create', '--name', 'box', '-v', `${tinyd.base}:/mnt`, 'busybox', 'true');
    assert.equal(await tinyd.ok('diff', 'box'), '');
    await tinyd.ok('start', '-a', 'box');
    assert.equal(await tinyd.ok('diff', 'box'), '');
  });

  for (const state of ['running', 'exited'] as const) {
    it(`lists what was added, changed and deleted, by path, container ${state}`, async () => {
      const changes = `echo x > /new; mkdir /dir; echo y > /dir/y; rm /www/index.html; echo z >> /etc/passwd
        rm -rf /home; mkdir /home; echo h > /home/h; rm -rf /var; echo var > /var`;
      const script = `${changes}; ${state === 'running' ? 'echo ready; sleep 300' : ''}`;
      await tinyd.ok('run', '-d', '--name', 'box', 'busybox', 'sh', '-c', script);
      if (state === 'exited') await tinyd.ok('wait', 'box');
      else while (!(await tinyd.ok('logs', 'box')).includes('ready')) await sleep(50);
      assert.deepEqual((await tinyd.ok('diff', 'box')).split('\n'), [
        'A /dir',
        'A /dir/y',
        'C /etc',
        'C /etc/passwd',
        'C /home',
        'D /home/app',
        'A /home/h',
        'A /new',
        'C /var',
        'C /www',
        'D /www/index.html',
      ]);
    });

    it(`exports the whole tree, container ${state}`, async () => {
      const files = `mkdir /d; echo one > /d/one; ln /d/one /d/two; ln -s one /d/link; mkfifo /d/fifo; mknod /d/null c 1 3
        mkdir -p /d/$(printf '%0150d' 1)/$(printf '%0150d' 2); chown 70000:3000000 /d/one`;
      const script = `${files}; ${state === 'running' ? 'echo ready; sleep 300' : ''}`;
      await tinyd.ok('run', '-d', '--name', 'box', '-v', `${tinyd.base}:/mnt`, 'busybox', 'sh', '-c', script);
      if (state === 'exited') await tinyd.ok('wait', 'box');
      else while (!(await tinyd.ok('logs', 'box')).includes('ready')) await sleep(50);
      const file = join(tinyd.base, `${state}.tar`);
      await tinyd.ok('export', '-o', file, 'box');
      const piped = await tinyd.run(['export', 'box']);
      assert.equal(piped.code, 0, piped.stderr);
      const list = execFileSync('tar', ['tvf', file, '--numeric-owner'], { encoding: 'utf8' });
      assert.match(list, /^crw-r--r-- 0\/0 +1,3 .* d\/null$/m);
      assert.match(list, /^prw-r--r-- .* d\/fifo$/m);
      assert.match(list, /^-rw-r--r-- 70000\/3000000 .* d\/one$/m);
      assert.match(list, /^hrw-r--r-- .* d\/two link to d\/one$/m);
      assert.match(list, /^lrwxrwxrwx .* d\/link -> one$/m);
      assert.match(list, /d\/0{149}1\/0{149}2\/$/m);
      assert.match(list, / bin\/busybox$/m);
      for (const empty of ['proc', 'sys', 'mnt']) assert.doesNotMatch(list, new RegExp(` ${empty}/.`, 'm'));
    });
  }

  it('carries attributes in bytes', async () => {
    await tinyd.ok('create', '--name', 'box', 'busybox', 'true');
    const file = join(tinyd.base, 'attributed');
    writeFileSync(file, 'x');
    execFileSync('python3', [
      '-c',
      'import os,sys; os.setxattr(sys.argv[1], "user.raw", bytes(range(256)))',
      file,
    ]);
    execFileSync('python3', [
      '-c',
      'import os,sys; os.setxattr(sys.argv[1], "security.capability", bytes.fromhex("0100000200040000000000000000000000000000"))',
      file,
    ]);
    await tinyd.ok('cp', file, 'box:/attributed');
    await tinyd.ok('commit', 'box', 'attributed');
    await tinyd.ok('create', '--name', 'second', 'attributed', 'true');
    const tar = join(tinyd.base, 'attributed.tar');
    await tinyd.ok('export', '-o', tar, 'second');
    await tinyd.ok('rm', 'second');
    const out = join(tinyd.base, 'extracted');
    execFileSync('mkdir', [out]);
    execFileSync('tar', ['xf', tar, '-C', out, '--xattrs', '--xattrs-include=*', 'attributed']);
    const read = 'import os,sys; print(os.getxattr(sys.argv[1], sys.argv[2]).hex())';
    const value = (name: string) =>
      execFileSync('python3', ['-c', read, join(out, 'attributed'), name], { encoding: 'utf8' }).trim();
    assert.equal(value('user.raw'), Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString('hex'));
    assert.equal(value('security.capability'), '0100000200040000000000000000000000000000');
  });
});
