import { readdirSync, readFileSync } from 'node:fs';
import type { CgroupHost } from './hierarchies';
import { readCgroupPaths } from './remove';

/** PIDs of all processes in a container's cgroup and below, as this process sees them; ascending. */
export function processesOf(id: string, host?: CgroupHost): number[] {
  // All hierarchies hold the same processes.
  const [path] = readCgroupPaths(id, host);
  return path === undefined ? [] : [...new Set(processesBelow(path))].sort((a, b) => a - b);
}

function processesBelow(folder: string): number[] {
  let own: number[];
  let folders: string[];
  try {
    own = readFileSync(`${folder}/cgroup.procs`, 'utf8').split('\n').filter(Boolean).map(Number);
    folders = readdirSync(folder, { withFileTypes: true }).flatMap(entry =>
      entry.isDirectory() ? [entry.name] : [],
    );
  } catch {
    // It ends while we look.
    return [];
  }
  return [...own, ...folders.flatMap(name => processesBelow(`${folder}/${name}`))];
}
