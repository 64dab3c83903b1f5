import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { TinydError } from '@tinyd/core';
import { CGROUP_PARENT, type CgroupHost, detectCgroups, usesV2, V2_NAMES } from './hierarchies';

/**
 * Makes `/tinyd` in the hierarchies where more is needed than that it exists: v1's cpuset, which is empty and takes
 * nobody before it has CPUs and memory nodes, and v2, which hands a controller down only where it is told to.
 *
 * Safe to call at any time, from several processes at once. The folders stay: the next container needs them.
 *
 * @throws ERR_TINYD_CGROUP_UNAVAILABLE when the host does not let tinyd have its part.
 */
export function prepareCgroupParents(host: CgroupHost = detectCgroups()): void {
  const cpuset = host.home.get('cpuset');
  if (cpuset !== undefined && cpuset !== 'v2') copyCpuset(cpuset.mount);
  const blkio = host.home.get('blkio');
  // Which files blkio has is seen in a child of the root only.
  if (blkio !== undefined && blkio !== 'v2')
    attempt('blkio', blkio.mount, () => mkdirSync(`${blkio.mount}${CGROUP_PARENT}`, { recursive: true }));
  if (host.v2 !== undefined && usesV2(host)) handDown(host.v2.mount, wantedFromV2(host));
}

function copyCpuset(mount: string): void {
  const folder = `${mount}${CGROUP_PARENT}`;
  attempt('cpuset', folder, () => {
    mkdirSync(folder, { recursive: true });
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      const present = readFileSync(`${folder}/${file}`, 'utf8').trim();
      if (present === '') writeFileSync(`${folder}/${file}`, readFileSync(`${mount}/${file}`, 'utf8').trim());
    }
  });
}

function wantedFromV2(host: CgroupHost): string[] {
  return [...host.home].flatMap(([controller, home]) => (home === 'v2' ? (V2_NAMES[controller] ?? []) : []));
}

function handDown(mount: string, controllers: readonly string[]): void {
  for (const folder of [mount, `${mount}${CGROUP_PARENT}`]) {
    attempt('v2', folder, () => {
      mkdirSync(folder, { recursive: true });
      const file = `${folder}/cgroup.subtree_control`;
      const enabled = readFileSync(file, 'utf8').trim().split(/\s+/);
      const missing = controllers.filter(name => !enabled.includes(name));
      if (missing.length > 0) writeFileSync(file, missing.map(name => `+${name}`).join(' '));
    });
  }
}

function attempt(controller: string, folder: string, action: () => void): void {
  try {
    action();
  } catch (cause) {
    throw new TinydError('ERR_TINYD_CGROUP_UNAVAILABLE', `prepare cgroup ${folder}: ${reasonOf(cause)}`, {
      hint: 'inside a container: move its processes out of the root cgroup, or give it a cgroup of its own',
      details: { controller, path: folder },
      cause,
    });
  }
}

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'EBUSY') return 'it holds processes itself (EBUSY)';
  if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM') return `it cannot be written (${code})`;
  return cause instanceof Error ? cause.message : String(cause);
}
