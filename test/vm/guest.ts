import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { type BusyboxRegistry, startBusyboxRegistry } from '../support/busybox-registry';
import { Tinyd } from '../support/tinyd';

const CGROUP2_SUPER_MAGIC = 0x63677270;
export const CGROUPS = '/sys/fs/cgroup';

/**
 * One tinyd with the busybox image for a file's tests. A command takes half a second on an emulated processor: the
 * tests share what they can. What a failed test has left is removed, so that the next ones have their say.
 */
export function useTinyd(): Tinyd {
  let registry: BusyboxRegistry;
  const tinyd = new Tinyd();
  before(async () => {
    assert.equal(
      statfsSync(CGROUPS).type,
      CGROUP2_SUPER_MAGIC,
      'this suite is for hosts with cgroup v2 alone',
    );
    registry = await startBusyboxRegistry();
    await tinyd.ok('--registry-mirror', `docker.io=${registry.url}`, 'pull', '-q', 'busybox');
    await registry.close();
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await removeContainers(tinyd);
  });
  after(() => tinyd.dispose());
  return tinyd;
}

/** Removes every container, with as few commands as that takes. */
export async function removeContainers(tinyd: Tinyd): Promise<void> {
  const ids = existsSync(join(tinyd.root, 'containers')) ? tinyd.containerFolders() : [];
  if (ids.length > 0) await tinyd.ok('rm', '-f', ...ids);
}

/** A file of a container's cgroup, read on the host, without the final newline. */
export function cgroupFile(id: string, file: string): string {
  return readFileSync(`${CGROUPS}/tinyd/${id}/${file}`, 'utf8').trim();
}

/** The number behind a word in one of cgroup v2's flat keyed files (cgroup-v2.rst). */
export function counter(id: string, file: string, word: string): number {
  const found = new RegExp(`^${word} (\\d+)$`, 'm').exec(cgroupFile(id, file));
  return Number(found?.[1] ?? assert.fail(`${file} has no ${word}`));
}

/** Runs a shell script on the host; returns what it printed. */
export function onHost(script: string): string {
  return execFileSync('sh', ['-ec', script], { encoding: 'utf8' }).trim();
}
