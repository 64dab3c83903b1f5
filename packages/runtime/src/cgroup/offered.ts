import { existsSync } from 'node:fs';
import { CGROUP_PARENT, type CgroupHost, type Controller, detectCgroups } from './hierarchies';

/** Which limits a host can give, under docker's names for them. */
export interface OfferedLimits {
  readonly MemoryLimit: boolean;
  readonly SwapLimit: boolean;
  readonly CpuCfsPeriod: boolean;
  readonly CpuCfsQuota: boolean;
  readonly CPUShares: boolean;
  readonly CPUSet: boolean;
  readonly PidsLimit: boolean;
  /** cgroup v1 alone has it. */
  readonly OomKillDisable: boolean;
}

/** Looks at the host's cgroups; changes nothing. */
export function offeredLimits(host: CgroupHost = detectCgroups()): OfferedLimits {
  const has = (controller: Controller) => host.home.has(controller);
  const cpu = has('cpu');
  return {
    MemoryLimit: has('memory'),
    SwapLimit: countsSwap(host),
    CpuCfsPeriod: cpu,
    CpuCfsQuota: cpu,
    CPUShares: cpu,
    CPUSet: has('cpuset'),
    PidsLimit: has('pids'),
    OomKillDisable: has('memory') && host.home.get('memory') !== 'v2',
  };
}

/** v1 has a file for it in the root as well, v2 never there: before the first container nothing tells. */
function countsSwap(host: CgroupHost): boolean {
  const home = host.home.get('memory');
  if (home === undefined) return false;
  if (home !== 'v2') return existsSync(`${home.mount}/memory.memsw.limit_in_bytes`);
  const parent = `${host.v2?.mount}${CGROUP_PARENT}`;
  return !existsSync(parent) || existsSync(`${parent}/memory.swap.max`);
}
