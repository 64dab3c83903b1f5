import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectQuota } from '@tinyd/native';
import { startBusyboxRegistry } from '../support/busybox-registry';
import { eventually } from '../support/eventually';
import { Tinyd } from '../support/tinyd';

const MIB = 1024 * 1024;
const FULL = /Disk quota exceeded|No space left on device/;

/** What a container does with 8 MiB: says at each step what became of it. */
const FILL = [
  'w() { dd if=/dev/zero of=$1 bs=1M count=$2 2>/dev/null && sync && echo $1 whole || echo $1 cut; }',
  "df -k / | awk 'NR == 2 { print $2 }'",
  'w /a 5; w /b 5; rm -f /a /b; w /c 7',
  'w /data/volume 9',
  'chmod 700 /bin/busybox || echo not copied up',
  'dd if=/dev/zero of=/full bs=64k 2>&1 | grep dd:',
].join('\n');

/** The limit of a project; 0: none, or nothing is known of it. */
function limitOf(root: string, project: number): number {
  const fd = openSync(root, 'r');
  try {
    return projectQuota(fd, project).limitBytes;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  } finally {
    closeSync(fd);
  }
}

for (const fileSystem of ['ext4', 'xfs']) {
  describe(`limits of disk space on ${fileSystem}`, () => {
    let tinyd: Tinyd;

    before(async () => {
      const registry = await startBusyboxRegistry();
      tinyd = new Tinyd({}, `/quota-${fileSystem}`);
      await tinyd.ok('--registry-mirror', `docker.io=${registry.url}`, 'pull', '-q', 'busybox');
      await registry.close();
    });
    after(() => tinyd.dispose());

    const projects = (): [number, string][] =>
      Object.entries(
        JSON.parse(readFileSync(join(tinyd.root, 'quotas', 'projects.json'), 'utf8')) as Record<
          string,
          string
        >,
      ).map(([project, id]) => [Number(project), id]);
    const own = ['--network', 'none', '--storage-opt', 'size=8M'];

    it('hold a container to what it was given, from its start to its removal', async () => {
      const run = ['run', '-d', '--name', 'c', ...own, '-v', '/data', 'busybox', 'sleep', '600'];
      const id = await tinyd.ok(...run);
      const [[project = 0, holder] = []] = projects();
      assert.deepEqual([holder, limitOf(tinyd.root, project)], [id, 8 * MIB]);
      const filled = await tinyd.ok('exec', 'c', 'sh', '-c', FILL);
      assert.match(filled, /^8192\n\/a whole\n\/b cut\n\/c whole\n\/data\/volume whole\nnot copied up\ndd: /);
      assert.match(filled, FULL);
      assert.match(await tinyd.ok('explain', 'c'), /Disk {5}(7\.9|8)MiB of 8MiB used/);

      // A full container starts, and can tidy up.
      await tinyd.ok('restart', '-t', '0', 'c');
      const tidy = 'rm /full /c && touch /here && echo freed';
      assert.equal(await tinyd.ok('exec', 'c', 'sh', '-c', tidy), 'freed');

      // A copy into it leaves nothing half-made.
      const file = join(tinyd.base, 'large');
      writeFileSync(file, Buffer.alloc(9 * MIB, 1));
      const { code, stderr } = await tinyd.run(['cp', file, 'c:/large']);
      assert.equal(code, 1);
      assert.match(stderr, /cp: cannot write c:\/large: (EDQUOT: disk quota exceeded|ENOSPC)/);
      assert.equal((await tinyd.run(['exec', 'c', 'ls', '-A', '/large'])).code, 1);
      assert.equal(limitOf(tinyd.root, project), 8 * MIB);

      // Given back with the container, whoever removes it.
      await tinyd.ok('rm', '-fv', 'c');
      assert.deepEqual([projects(), limitOf(tinyd.root, project)], [[], 0]);
      // The monitor of a --rm container does not know of projects: the next one that takes a number tidies up.
      await tinyd.ok('run', '--rm', ...own, 'busybox', 'true');
      const next = await tinyd.ok('create', '--name', 'd', '--storage-opt', 'size=16M', 'busybox');
      assert.deepEqual(
        projects().map(([, holder]) => holder),
        [next],
      );
      assert.equal(limitOf(tinyd.root, projects()[0]?.[0] ?? 0), 16 * MIB);
      await tinyd.ok('rm', 'd');
    });

    it('do not keep a restart policy from starting what has filled its disk', async () => {
      const fill = 'dd if=/dev/zero of=/full bs=64k 2>/dev/null; echo tried; exit 3';
      const policy = ['--restart', 'on-failure:2', ...own];
      await tinyd.ok('run', '-d', '--name', 'c', ...policy, 'busybox', 'sh', '-c', fill);
      const told = () =>
        tinyd.ok('inspect', '-f', '{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}', 'c');
      await eventually('the last try', async () => (await told()) === 'exited 3 2');
      assert.equal(await tinyd.ok('logs', 'c'), 'tried\ntried\ntried');
      // What a start, a change of limits and an end write of it does not count.
      await tinyd.ok('update', '--restart', 'no', 'c');
      assert.equal((await tinyd.run(['start', '-a', 'c'])).code, 3);
      await tinyd.ok('rm', 'c');
    });
  });
}
