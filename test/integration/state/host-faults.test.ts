import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BusyboxRegistry, startBusyboxRegistry } from '../../support/busybox-registry';
import { Tinyd } from '../../support/tinyd';

const OWN = ['--network', 'none', 'busybox'] as const;

describe('a host in trouble', function () {
  this.timeout(60_000);
  let registry: BusyboxRegistry;
  let base: Tinyd;

  before(async () => {
    registry = await startBusyboxRegistry();
    base = new Tinyd();
  });
  after(async () => {
    await base.dispose();
    await registry.close();
  });

  /** A tinyd whose root folder is on a small file system of its own, with busybox in it. */
  const onSmallDisk = async (action: (tinyd: Tinyd, point: string) => Promise<void>) => {
    const point = mkdtempSync(join(base.base, 'small-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', point]);
    const state = mkdtempSync(join(base.base, 'state-'));
    const env = { TINYD_REGISTRY_MIRROR: `docker.io=${registry.url}`, TINYD_STATE: state };
    const tinyd = new Tinyd(env, point);
    try {
      await tinyd.ok('pull', '-q', 'busybox');
      await action(tinyd, point);
    } finally {
      await tinyd.dispose();
      execFileSync('umount', [point]);
    }
  };
  const fill = (point: string): string => {
    const file = join(point, 'fill');
    try {
      for (;;) writeFileSync(file, Buffer.alloc(64 * 1024), { flag: 'a' });
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
    }
    return file;
  };

  it('with a full disk: nothing is half-made, ends are recorded, and removing works', () =>
    onSmallDisk(async (tinyd, point) => {
      const script = 'until [ -e /tmp/go ]; do sleep 0.1; done; exit 7';
      await tinyd.ok('run', '-d', '--name', 'c', '--tmpfs', '/tmp', ...OWN, 'sh', '-c', script);
      await tinyd.ok('run', '-d', '--name', 'd', ...OWN, 'sleep', '300');
      const monitored = await tinyd.ok('run', '-d', '--name', 'e', ...OWN, 'sleep', '300');
      const before = [tinyd.containerFolders(), readdirSync(join(tinyd.root, 'names'))];
      const file = fill(point);

      const { code, stderr } = await tinyd.run(['create', '--name', 'f', ...OWN]);
      assert.equal(code, 125);
      assert.match(stderr, /ENOSPC .*the disk is full: tinyd system df/);
      assert.deepEqual([tinyd.containerFolders(), readdirSync(join(tinyd.root, 'names'))], before);

      // The status of one that ends now is not lost.
      await tinyd.ok('exec', 'c', 'touch', '/tmp/go');
      assert.equal(await tinyd.ok('wait', 'c'), '7');
      assert.match(
        await tinyd.ok('ps', '-a', '--filter', 'name=c', '--format', '{{.Status}}'),
        /^Exited \(7\)/,
      );
      await tinyd.ok('stop', '-t', '0', 'd');
      const state = JSON.parse(readFileSync(join(tinyd.root, 'containers', monitored, 'state.json'), 'utf8'));
      process.kill(state.monitorPid, 'SIGKILL');
      const listed = await tinyd.run(['ps', '-a', '--format', '{{.Names}} {{.Status}}']);
      assert.match(listed.stdout, /^e Exited \(137\)/m, listed.stderr);
      assert.match(listed.stderr, /container e: the monitor of the container was killed; recorded its end/);

      await tinyd.ok('rm', '-f', 'c', 'd', 'e');
      assert.deepEqual(tinyd.containerFolders(), []);
      rmSync(file);
      assert.equal(await tinyd.ok('run', '--rm', ...OWN, 'echo', 'works'), 'works');
    }));

  it('with a bridge that vanished and rules that somebody flushed: mends them and says so', async () => {
    const tinyd = new Tinyd({ TINYD_REGISTRY_MIRROR: `docker.io=${registry.url}` });
    try {
      await tinyd.ok('pull', '-q', 'busybox');
      await tinyd.ok('run', '-d', '--name', 'c', 'busybox', 'httpd', '-f', '-h', '/www');
      const network = '{{.NetworkSettings.Bridge}} {{.NetworkSettings.IPAddress}}';
      const [bridge = '', address = ''] = (await tinyd.ok('inspect', '-f', network, 'c')).split(' ');
      execFileSync('ip', ['link', 'delete', bridge]);
      execFileSync('nft', ['delete', 'table', 'inet', 'tinyd']);
      const fetch = ['run', '--rm', 'busybox', 'wget', '-q', '-O-', `http://${address}/`];
      const mended = await tinyd.run(fetch);
      assert.equal(mended.stdout, '<h1>Welcome to busybox!</h1>\n', mended.stderr);
      assert.match(
        mended.stderr,
        new RegExp(
          [
            'tinyd run: warning: somebody had removed the packet rules of network bridge: wrote them again, for 1 container .*',
            `tinyd run: warning: bridge ${bridge} of network bridge had vanished: made it again, with 1 container .*`,
          ].join('\n'),
        ),
      );
      assert.equal((await tinyd.run(fetch)).stderr, '');
    } finally {
      await tinyd.dispose();
    }
  });

  const unmountBelow = (folder: string): void => {
    const table = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
    const points = table.map(line => line.split(' ')[4] ?? '').filter(point => point.startsWith(folder));
    for (const point of points.reverse()) execFileSync('umount', [point]);
  };

  it('with mounts where containers were: no removal goes behind one', async () => {
    const tinyd = new Tinyd({ TINYD_REGISTRY_MIRROR: `docker.io=${registry.url}` });
    const precious = join(tinyd.base, 'precious');
    const canary = join(precious, 'folder', 'canary');
    mkdirSync(join(precious, 'folder'), { recursive: true });
    writeFileSync(canary, 'alive');
    try {
      await tinyd.ok('pull', '-q', 'busybox');
      const mount = ['-v', `${precious}:/data`, '-v', `${precious}/folder:/data2/deep`];
      // Removed by its monitor, by a command, and by a command in the place of a monitor that was killed.
      await tinyd.ok('run', '--rm', ...mount, ...OWN, 'true');
      await tinyd.ok('run', '-d', '--name', 'c', ...mount, ...OWN, 'sleep', '300');
      await tinyd.ok('rm', '-f', 'c');
      const lost = await tinyd.ok('run', '-d', '--rm', '--name', 'd', ...mount, ...OWN, 'sleep', '300');
      const state = JSON.parse(readFileSync(join(tinyd.root, 'containers', lost, 'state.json'), 'utf8'));
      process.kill(state.monitorPid, 'SIGKILL');
      await tinyd.ok('ps', '-a');
      assert.deepEqual(tinyd.containerFolders(), []);
      assert.equal(readFileSync(canary, 'utf8'), 'alive');

      // Somebody mounted something into a container's own folder, on the host.
      const id = await tinyd.ok('create', '--name', 'e', ...OWN);
      const upper = join(tinyd.root, 'containers', id, 'upper', 'mounted');
      mkdirSync(upper);
      execFileSync('mount', ['--bind', precious, upper]);
      await tinyd.ok('rm', '-f', 'e');
      assert.equal(readFileSync(canary, 'utf8'), 'alive');
      // What is left of it waits until the mount is gone, and is in nobody's way.
      await tinyd.ok('run', '--rm', ...OWN, 'true');
      assert.equal(tinyd.containerFolders().length, 1);
      unmountBelow(tinyd.root);
      assert.equal(await tinyd.ok('run', '--rm', ...OWN, 'echo', 'works'), 'works');
      assert.deepEqual(tinyd.containerFolders(), []);
      assert.equal(readFileSync(canary, 'utf8'), 'alive');
    } finally {
      unmountBelow(tinyd.root);
      await tinyd.dispose();
    }
  });
});
