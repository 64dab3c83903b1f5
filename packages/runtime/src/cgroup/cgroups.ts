import { existsSync, readFileSync } from 'node:fs';
import { lowerOptions } from '../lowering/mount-options';
import type { ResourceLimits } from '../options';
import type { MountStep } from '../plan/mount-step';
import type { CgroupPlan } from '../plan/session';
import type { SpecDeviceRule, SpecMount } from '../spec-types';
import {
  checkBlockFiles,
  checkSchedulers,
  isThrottled,
  throttleFlag,
  v1BlockFiles,
  v2BlockFiles,
} from './block-files';
import { deviceProgram } from './device-program';
import {
  CGROUP_PARENT,
  type CgroupHost,
  type Controller,
  detectCgroups,
  MONITORS,
  usesV2,
  type V1Hierarchy,
  V2_NAMES,
} from './hierarchies';
import { type EffectiveLimits, effectiveLimits } from './limits';
import { prepareCgroupParents } from './parents';
import { unavailable } from './unavailable';
import { v1Writes } from './v1';
import { v2Writes } from './v2';

export interface CgroupResult {
  readonly cgroups: readonly CgroupPlan[];
  /** The v2 cgroup of the monitor; undefined: where v2 carries nothing. */
  readonly monitorCgroup: string | undefined;
  /** Its `oom_kill` counter tells of an OOM kill; undefined: no memory controller. */
  readonly oomFile: string | undefined;
  readonly warnings: readonly string[];
  readonly view: CgroupView;
  /** The steps for a mount of type `cgroup`, by {@link view}. */
  readonly mountSteps: (mount: SpecMount) => MountStep[];
}

/** What the container's /sys/fs/cgroup is made of. */
export type CgroupView =
  | {
      readonly version: 1;
      /** Per hierarchy: name below /sys/fs/cgroup, folder on the host to bind there. */
      readonly hierarchies: readonly { readonly name: string; readonly source: string }[];
      /** Single controllers of a hierarchy of several: cpu -> cpu,cpuacct. */
      readonly links: readonly { readonly name: string; readonly target: string }[];
    }
  /** A cgroup2 mount in the container's own cgroup namespace. */
  | { readonly version: 2 };

/**
 * Turns limits and device rules into cgroups: one per v1 hierarchy, one for v2 where it carries any controller.
 *
 * Makes their common parent first ({@link prepareCgroupParents}); nothing else is changed.
 *
 * @param id the container's ID, the cgroup's name below {@link CGROUP_PARENT}
 * @param devices the device rules of config.json, in order; the last that matches decides
 * @throws ERR_TINYD_LIMIT_INVALID; ERR_TINYD_CGROUP_UNAVAILABLE naming the controller that a limit, or the confinement
 * of devices, needs and the host lacks.
 */
export function planCgroups(
  id: string,
  limits: ResourceLimits,
  devices: readonly SpecDeviceRule[],
  host: CgroupHost = detectCgroups(),
): CgroupResult {
  return describeCgroups(id, limits, devices, prepareCgroupParents(host));
}

/** Checks limits against this host, as {@link planCgroups} does and with the same errors; changes nothing. */
export function validateLimits(limits: ResourceLimits, host: CgroupHost = detectCgroups()): void {
  describeCgroups('any', limits, [], host);
}

/** {@link planCgroups} for parents that are there. */
export function describeCgroups(
  id: string,
  limits: ResourceLimits,
  devices: readonly SpecDeviceRule[],
  host: CgroupHost,
): CgroupResult {
  const effective = effectiveLimits(limits, hostResources(host));
  const confined = isUnrestricted(devices) ? [] : devices;
  const warnings: string[] = [];
  checkControllers(effective, confined, host);
  const path = (mount: string) => `${mount}${CGROUP_PARENT}/${id}`;
  const cgroups = host.v1.map(
    (hierarchy): CgroupPlan => ({
      path: path(hierarchy.mount),
      writes: v1Writes(hierarchy.controllers, effective, confined, v1Facts(hierarchy, effective, warnings)),
      enter: true,
      unified: false,
    }),
  );
  if (host.v2 !== undefined && usesV2(host))
    cgroups.push(v2Plan(path(host.v2.mount), host.v2.mount, effective, confined, host));
  if (effective.oomKillDisable && effective.memoryBytes === undefined)
    warnings.push('the OOM killer is disabled without a memory limit: the host may run out of memory');
  const view = viewOf(host, path);
  return {
    cgroups,
    monitorCgroup: host.v2 !== undefined && usesV2(host) ? `${host.v2.mount}${MONITORS}` : undefined,
    oomFile: oomFile(host, path),
    warnings,
    view,
    mountSteps: mount => cgroupMountSteps(view, mount),
  };
}

function v2Plan(
  path: string,
  mount: string,
  limits: EffectiveLimits,
  devices: readonly SpecDeviceRule[],
  host: CgroupHost,
): CgroupPlan {
  const inV2 = (controller: Controller) => host.home.get(controller) === 'v2';
  // Files are named after their controller: memory.max, cpu.weight.
  const carried = new Set(
    [...host.home.keys()].filter(inV2).flatMap(controller => V2_NAMES[controller] ?? []),
  );
  const weightFile = existsSync(`${mount}${CGROUP_PARENT}/io.bfq.weight`) ? 'io.bfq.weight' : 'io.weight';
  if (inV2('blkio')) checkBlockFiles(mount, v2BlockFiles(limits, weightFile));
  if (inV2('blkio') && weightFile === 'io.bfq.weight') checkSchedulers(limits);
  const writes = v2Writes(limits, { weightFile }).filter(({ file }) => carried.has(file.split('.')[0] ?? ''));
  return {
    path,
    writes,
    ...(inV2('devices') && devices.length > 0 ? { deviceProgram: deviceProgram(devices) } : {}),
    enter: true,
    unified: true,
  };
}

function v1Facts(hierarchy: V1Hierarchy, limits: EffectiveLimits, warnings: string[]) {
  const { mount, controllers } = hierarchy;
  if (controllers.includes('blkio')) {
    checkBlockFiles(mount, v1BlockFiles(limits));
    checkSchedulers(limits);
  }
  const isMemory = controllers.includes('memory');
  const swapAccounting = isMemory && existsSync(`${mount}/memory.memsw.limit_in_bytes`);
  if (isMemory && !swapAccounting && limits.memorySwap !== undefined) {
    if (!limits.memorySwap.implied)
      throw unavailable('memory', '--memory-swap', 'the kernel does not account for swap (swapaccount=1)');
    warnings.push('the kernel does not account for swap: memory is limited without it');
  }
  const isCpuset = controllers.includes('cpuset');
  return {
    swapAccounting,
    cpus: isCpuset ? readText(`${mount}/cpuset.cpus`) : '',
    mems: isCpuset ? readText(`${mount}/cpuset.mems`) : '',
  };
}

function checkControllers(
  limits: EffectiveLimits,
  devices: readonly SpecDeviceRule[],
  host: CgroupHost,
): void {
  const throttled = limits.blockDevices.find(isThrottled);
  const needs: readonly [boolean, Controller, string][] = [
    [limits.memoryBytes !== undefined, 'memory', '--memory'],
    [limits.memoryReservationBytes !== undefined, 'memory', '--memory-reservation'],
    [limits.memorySwap !== undefined, 'memory', '--memory-swap'],
    [limits.memorySwappiness !== undefined, 'memory', '--memory-swappiness'],
    [limits.oomKillDisable, 'memory', '--oom-kill-disable'],
    [limits.cpuQuotaUs !== undefined || limits.cpuPeriodUs !== undefined, 'cpu', '--cpus'],
    [limits.cpuShares !== undefined, 'cpu', '--cpu-shares'],
    [limits.cpusetCpus !== undefined, 'cpuset', '--cpuset-cpus'],
    [limits.cpusetMems !== undefined, 'cpuset', '--cpuset-mems'],
    [limits.pidsLimit !== undefined, 'pids', '--pids-limit'],
    [limits.blkioWeight !== undefined, 'blkio', '--blkio-weight'],
    [limits.blockDevices.some(({ weight }) => weight !== undefined), 'blkio', '--blkio-weight-device'],
    [throttled !== undefined, 'blkio', throttleFlag(throttled)],
    [devices.length > 0, 'devices', 'the confinement of devices'],
  ];
  for (const [asked, controller, flag] of needs) {
    if (asked && !host.home.has(controller))
      throw unavailable(
        controller,
        flag,
        'it is not mounted, disabled at boot, or not handed down to /tinyd',
      );
  }
  const memoryIsV2 = host.home.get('memory') === 'v2';
  if (memoryIsV2 && limits.memorySwappiness !== undefined)
    throw unavailable('memory', '--memory-swappiness', 'cgroup v2 has no such setting');
  if (memoryIsV2 && limits.oomKillDisable)
    throw unavailable('memory', '--oom-kill-disable', 'cgroup v2 has no such setting');
}

function isUnrestricted(rules: readonly SpecDeviceRule[]): boolean {
  const forAll = rules.findLastIndex(({ type }) => type === undefined || type === 'a');
  return forAll >= 0 && rules.slice(forAll).every(({ allow }) => allow);
}

function oomFile(host: CgroupHost, path: (mount: string) => string): string | undefined {
  const home = host.home.get('memory');
  if (home === undefined) return undefined;
  if (home !== 'v2') return `${path(home.mount)}/memory.oom_control`;
  return host.v2 === undefined ? undefined : `${path(host.v2.mount)}/memory.events`;
}

function viewOf(host: CgroupHost, path: (mount: string) => string): CgroupView {
  if (host.v1.length === 0) return { version: 2 };
  return {
    version: 1,
    hierarchies: host.v1.map(({ name, mount }) => ({ name, source: path(mount) })),
    links: host.v1
      .filter(({ name, controllers }) => controllers.length > 1 && name.includes(','))
      .flatMap(({ name, controllers }) =>
        controllers.map(controller => ({ name: controller, target: name })),
      ),
  };
}

function hostResources(host: CgroupHost): { cpus: string; mems: string } {
  const home = host.home.get('cpuset');
  const from = (kind: 'cpus' | 'mems', fallback: string): string => {
    if (home === undefined) return readText(fallback);
    const mount = home === 'v2' ? host.v2?.mount : home.mount;
    const file = home === 'v2' ? `cpuset.${kind}.effective` : `cpuset.effective_${kind}`;
    return readText(`${mount}/${file}`) || readText(fallback);
  };
  return {
    cpus: from('cpus', '/sys/devices/system/cpu/online'),
    mems: from('mems', '/sys/devices/system/node/online') || '0',
  };
}

/** Content without the final newline; empty where there is no such file. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function cgroupMountSteps(view: CgroupView, mount: SpecMount): MountStep[] {
  if (view.version === 1) {
    const { hierarchies, links } = view;
    return [{ kind: 'cgroup-v1', target: mount.destination, hierarchies, links }];
  }
  const { flags } = lowerOptions(mount.options ?? []);
  return [
    { kind: 'filesystem', type: 'cgroup2', source: 'cgroup', target: mount.destination, flags, data: '' },
  ];
}
