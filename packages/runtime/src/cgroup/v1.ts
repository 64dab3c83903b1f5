import type { SpecDeviceRule } from '../spec-types';
import type { BlockDeviceLimits } from './block-devices';
import type { Controller } from './hierarchies';
import type { EffectiveLimits } from './limits';

/** One file of a cgroup and what to write to it. */
export interface Write {
  readonly file: string;
  readonly value: string;
  readonly optional: boolean;
}

/** What v1 needs to know of the host. */
export interface V1Facts {
  /** memory.memsw.* exists: the kernel accounts for swap. */
  readonly swapAccounting: boolean;
  /** What the parent cgroup's cpuset has; a v1 cpuset takes no process before it has both. */
  readonly cpus: string;
  readonly mems: string;
}

/** The writes for the controllers of one hierarchy, in the order that the kernel wants them. */
export function v1Writes(
  controllers: readonly Controller[],
  limits: EffectiveLimits,
  devices: readonly SpecDeviceRule[],
  facts: V1Facts,
): Write[] {
  return controllers.flatMap(controller => controllerWrites(controller, limits, devices, facts));
}

function controllerWrites(
  controller: Controller,
  limits: EffectiveLimits,
  devices: readonly SpecDeviceRule[],
  facts: V1Facts,
): Write[] {
  switch (controller) {
    case 'memory':
      return memoryWrites(limits, facts);
    case 'cpu':
      return [
        ...given('cpu.shares', limits.cpuShares),
        ...given('cpu.cfs_period_us', limits.cpuPeriodUs),
        ...given('cpu.cfs_quota_us', limits.cpuQuotaUs),
      ];
    case 'cpuset':
      return [
        ...given('cpuset.cpus', limits.cpusetCpus ?? facts.cpus),
        ...given('cpuset.mems', limits.cpusetMems ?? facts.mems),
      ];
    case 'pids':
      return given('pids.max', limits.pidsLimit);
    case 'blkio':
      return [
        ...given('blkio.bfq.weight', limits.blkioWeight),
        ...limits.blockDevices.flatMap(blockDeviceWrites),
      ];
    case 'devices':
      return devices.map(deviceWrite);
    case 'cpuacct':
    case 'freezer':
      return [];
  }
}

function memoryWrites(limits: EffectiveLimits, facts: V1Facts): Write[] {
  const swap = limits.memorySwap;
  return [
    // Memory before memory plus swap: the latter must never be the smaller one.
    ...given('memory.limit_in_bytes', limits.memoryBytes),
    ...(swap === undefined || !facts.swapAccounting ? [] : given('memory.memsw.limit_in_bytes', swap.bytes)),
    ...given('memory.soft_limit_in_bytes', limits.memoryReservationBytes),
    ...given('memory.swappiness', limits.memorySwappiness),
    ...(limits.oomKillDisable ? given('memory.oom_control', 1) : []),
  ];
}

function blockDeviceWrites(device: BlockDeviceLimits): Write[] {
  const entry = (value: number | undefined) =>
    value === undefined ? undefined : `${device.major}:${device.minor} ${value}`;
  return [
    ...given('blkio.bfq.weight_device', entry(device.weight)),
    ...given('blkio.throttle.read_bps_device', entry(device.readBps)),
    ...given('blkio.throttle.write_bps_device', entry(device.writeBps)),
    ...given('blkio.throttle.read_iops_device', entry(device.readIops)),
    ...given('blkio.throttle.write_iops_device', entry(device.writeIops)),
  ];
}

/** `a` stands for all types and numbers (cgroup-v1/devices.rst); a written `a` replaces all rules before it. */
function deviceWrite(rule: SpecDeviceRule): Write {
  const file = rule.allow ? 'devices.allow' : 'devices.deny';
  if (rule.type === undefined || rule.type === 'a') return { file, value: 'a', optional: false };
  const value = `${rule.type} ${rule.major ?? '*'}:${rule.minor ?? '*'} ${rule.access ?? 'rwm'}`;
  return { file, value, optional: false };
}

/** A write that has to succeed, or none for an undefined value. */
export function given(file: string, value: string | number | undefined): Write[] {
  return value === undefined ? [] : [{ file, value: String(value), optional: false }];
}
