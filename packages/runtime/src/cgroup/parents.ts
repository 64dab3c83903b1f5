import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { TinydError } from '@tinyd/core';
import { CGROUP_PARENT, type CgroupHost, controllerHomes, MONITORS, usesV2, V2_NAMES } from './hierarchies';

/**
 * Makes `/tinyd` in the hierarchies where more is needed than that it exists: v1's cpuset, which is empty and takes
 * nobody before it has CPUs and memory nodes, and v2, which hands a controller down only where it is told to.
 *
 * Safe to call at any time, from several processes at once. The folders stay: the next container needs them.
 *
 * @returns the host without the controllers that v2 does not hand down (to a cgroup that holds processes itself, as
 * the root of a container does)
 * @throws ERR_TINYD_CGROUP_UNAVAILABLE when the host does not let tinyd have its part.
 */
export function prepareCgroupParents(host: CgroupHost): CgroupHost {
  const cpuset = host.home.get('cpuset');
  if (cpuset !== undefined && cpuset !== 'v2') copyCpuset(cpuset.mount);
  const blkio = host.home.get('blkio');
  // Which files blkio has is seen in a child of the root only.
  if (blkio !== undefined && blkio !== 'v2') makeParent('blkio', blkio.mount);
  if (host.v2 === undefined || !usesV2(host)) return host;
  const available = handDown(host.v2.mount, wantedFromV2(host));
  const v2 = { ...host.v2, available };
  return { ...host, v2, home: controllerHomes(host.v1, v2) };
}

function copyCpuset(mount: string): void {
  const folder = makeParent('cpuset', mount);
  attempt('cpuset', folder, () => {
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      const present = readFileSync(`${folder}/${file}`, 'utf8').trim();
      if (present === '') writeFileSync(`${folder}/${file}`, readFileSync(`${mount}/${file}`, 'utf8').trim());
    }
  });
}

function makeParent(controller: string, mount: string): string {
  const folder = `${mount}${CGROUP_PARENT}`;
  attempt(controller, folder, () => mkdirSync(folder, { recursive: true }));
  return folder;
}

function wantedFromV2(host: CgroupHost): string[] {
  return [...host.home].flatMap(([controller, home]) => (home === 'v2' ? (V2_NAMES[controller] ?? []) : []));
}

/** Returns the controllers that containers' cgroups will have. */
function handDown(mount: string, wanted: readonly string[]): string[] {
  const parent = makeParent('v2', mount);
  enable(mount, wanted);
  const monitors = `${mount}${MONITORS}`;
  attempt('v2', monitors, () => mkdirSync(monitors, { recursive: true }));
  return enable(parent, wanted);
}

function enable(folder: string, wanted: readonly string[]): string[] {
  const file = `${folder}/cgroup.subtree_control`;
  const enabled = (): string[] => readFileSync(file, 'utf8').split(/\s+/).filter(Boolean);
  const before = enabled();
  const missing = wanted.filter(name => !before.includes(name));
  if (missing.length === 0) return before;
  for (const name of missing) {
    try {
      writeFileSync(file, `+${name}`);
    } catch {
      // One at a time, so that one which is refused does not hold back the others. A limit that needs it says so.
    }
  }
  return enabled();
}

function attempt(controller: string, folder: string, action: () => void): void {
  try {
    action();
  } catch (cause) {
    throw new TinydError(
      'ERR_TINYD_CGROUP_UNAVAILABLE',
      `cannot prepare cgroup ${folder}: ${reasonOf(cause)}`,
      {
        hint: 'inside a container: move its processes out of the root cgroup, or give it a cgroup of its own',
        details: { controller, path: folder },
        cause,
      },
    );
  }
}

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'EBUSY') return 'it holds processes itself (EBUSY)';
  if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM') return `it cannot be written (${code})`;
  return cause instanceof Error ? cause.message : String(cause);
}
