import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { type BusyboxRegistry, startBusyboxRegistry } from '../../support/busybox-registry';
import { Tinyd } from '../../support/tinyd';

/** Where the file system has quotas of projects, test/vm/quotas.test.ts looks at them. */
describe('a limit of disk space that the file system cannot give', function () {
  this.timeout(60_000);
  let registry: BusyboxRegistry;
  let folder: Tinyd;

  before(async () => {
    registry = await startBusyboxRegistry();
    folder = new Tinyd();
  });
  after(async () => {
    await folder.dispose();
    await registry.close();
  });

  /** A small file system of a kind, mounted for the while. */
  const mounted = async (kind: string, size: string, action: (point: string) => Promise<void>) => {
    const point = mkdtempSync(join(folder.base, `${kind}-`));
    const image = `${point}.img`;
    execFileSync('truncate', ['-s', size, image]);
    execFileSync(`mkfs.${kind}`, ['-q', image]);
    execFileSync('mount', ['-o', 'loop', image, point]);
    try {
      await action(point);
    } finally {
      execFileSync('umount', [point]);
    }
  };
  const refused = async (parent: string): Promise<string> => {
    const tinyd = new Tinyd({ TINYD_REGISTRY_MIRROR: `docker.io=${registry.url}` }, parent);
    try {
      const { code, stderr } = await tinyd.run(['create', '-q', '--storage-opt', 'size=1G', 'busybox']);
      assert.equal(code, 125);
      assert.match(
        stderr,
        /^tinyd create: cannot limit a container's disk space by --storage-opt: .*ERR_TINYD_QUOTA/,
      );
      assert.deepEqual(tinyd.containerFolders(), []);
      assert.equal(stderr.trim().split('\n').length, 1);
      return stderr;
    } finally {
      await tinyd.dispose();
    }
  };

  it('is refused on ext4, with the way to have it', () =>
    mounted('ext4', '32M', async point => {
      assert.match(
        await refused(point),
        /is on ext4, mounted without project quotas .* tune2fs -O project,quota DEVICE/,
      );
    }));

  it('is refused on tmpfs', async () => {
    const point = mkdtempSync(join(folder.base, 'tmpfs-'));
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', point]);
    try {
      assert.match(await refused(point), /is on another file system .* put --root on ext4 or xfs/);
    } finally {
      execFileSync('umount', [point]);
    }
  });

  it('is read by docker’s grammar', async () => {
    const refusals: [string, RegExp][] = [
      ['size=much', /invalid argument "much" for --storage-opt/],
      ['size=0', /more than 0 bytes/],
      ['dm.basesize=1G', /only size is supported/],
    ];
    for (const [option, message] of refusals) {
      const { code, stderr } = await folder.run(['create', '--storage-opt', option, 'busybox']);
      assert.equal(code, 125);
      assert.match(stderr, message);
    }
  });
});
