import { existsSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { TinydError } from '@tinyd/core';
import { CGROUP_PARENT, type CgroupHost, detectCgroups } from './hierarchies';

/** How long processes get to be gone after SIGKILL, in milliseconds. */
const PATIENCE_MS = 5000;
const PAUSE_MS = 5;

/**
 * The folders of a container's cgroup that exist: one per hierarchy.
 *
 * @throws ERR_TINYD_INTERNAL for an ID that is no plain name.
 */
export function readCgroupPaths(id: string, host: CgroupHost = detectCgroups()): string[] {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(id))
    throw new TinydError(
      'ERR_TINYD_INTERNAL',
      `cannot find cgroups of ${JSON.stringify(id)}: not a container's ID`,
    );
  const mounts = [...host.v1.map(({ mount }) => mount), ...(host.v2 === undefined ? [] : [host.v2.mount])];
  return mounts.map(mount => `${mount}${CGROUP_PARENT}/${id}`).filter(path => existsSync(path));
}

/**
 * Repairs after a monitor that was killed: ends what is left in a container's cgroups and removes them, with all
 * that lies below them; blocks while they end. Nothing outside of `/tinyd/<id>` is touched.
 *
 * @returns false when there was nothing to remove.
 * @throws ERR_TINYD_SYSTEM when a process cannot be killed (uninterruptible sleep) and the cgroup stays.
 */
export function removeCgroups(id: string, host: CgroupHost = detectCgroups()): boolean {
  const paths = readCgroupPaths(id, host);
  const deadline = Date.now() + PATIENCE_MS;
  let failure: unknown;
  while (Date.now() < deadline) {
    const left = paths.filter(path => existsSync(path));
    if (left.length === 0) return paths.length > 0;
    for (const path of left) {
      killAll(path);
      failure = removeTree(path) ?? failure;
    }
    pause();
  }
  if (!paths.some(path => existsSync(path))) return paths.length > 0;
  throw new TinydError('ERR_TINYD_SYSTEM', `cannot remove cgroups of ${id}: processes in them do not end`, {
    hint: 'see what they wait for in /proc/PID/stack, then repeat the command',
    details: { paths },
    cause: failure,
  });
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
}

/** SIGKILL to everything in the cgroup and below. A frozen task does not see it before it is thawed. */
function killAll(path: string): void {
  for (const folder of [path, ...foldersBelow(path)]) {
    if (tryWrite(`${folder}/cgroup.kill`, '1')) continue;
    for (const pid of processesIn(folder)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    }
    tryWrite(`${folder}/freezer.state`, 'THAWED');
    tryWrite(`${folder}/cgroup.freeze`, '0');
  }
}

function processesIn(folder: string): number[] {
  try {
    const text = readFileSync(`${folder}/cgroup.procs`, 'utf8');
    // 0 stands for a process of another PID namespace; it must not become kill(0).
    return text
      .split('\n')
      .map(Number)
      .filter(pid => pid > 1 && pid !== process.pid);
  } catch {
    return [];
  }
}

function tryWrite(file: string, value: string): boolean {
  if (!existsSync(file)) return false;
  try {
    writeFileSync(file, value);
    return true;
  } catch {
    return false;
  }
}

/** Deepest first. Returns the last failure. */
function removeTree(path: string): unknown {
  let failure: unknown;
  for (const folder of [...foldersBelow(path), path]) {
    try {
      rmdirSync(folder);
    } catch (error) {
      failure = error;
    }
  }
  return failure;
}

function foldersBelow(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter(entry => entry.isDirectory())
      .flatMap(entry => {
        const folder = `${path}/${entry.name}`;
        return [...foldersBelow(folder), folder];
      });
  } catch {
    return [];
  }
}
