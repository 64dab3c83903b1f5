import { TinydError } from '@tinyd/core';
import type { ResourceLimits } from '../options';
import { type BlockDeviceLimits, blockDeviceLimits, type FindDevice } from './block-devices';
import { parseCpuList } from './cpu-list';

/** What a host has to give. */
export interface HostResources {
  /** CPUs and memory nodes, as lists: `0-3`. */
  readonly cpus: string;
  readonly mems: string;
  /** Finds a disk by its path; by default this host's. */
  readonly findDevice?: FindDevice;
}

/** Limits after docker's rules: consistent, in the kernel's units. Undefined: not limited. */
export interface EffectiveLimits {
  readonly memoryBytes?: number;
  /** Memory plus swap; -1: unlimited. `implied`: docker's default of twice the memory. */
  readonly memorySwap?: { readonly bytes: number; readonly implied: boolean };
  readonly memoryReservationBytes?: number;
  readonly memorySwappiness?: number;
  readonly oomKillDisable: boolean;
  readonly cpuPeriodUs?: number;
  /** -1: unlimited. */
  readonly cpuQuotaUs?: number;
  readonly cpuShares?: number;
  readonly cpusetCpus?: string;
  readonly cpusetMems?: string;
  readonly pidsLimit?: number;
  readonly blkioWeight?: number;
  readonly blockDevices: readonly BlockDeviceLimits[];
}

const MIB = 1024 * 1024;
const MIN_MEMORY = 6 * MIB;
/** The kernel's own period, in which --cpus is counted. */
const DEFAULT_PERIOD_US = 100_000;
const NANO = 1_000_000_000;
/** Kernel limits of cpu.shares; docker's runtime clips to them, an error says so. */
const SHARES = { min: 2, max: 262_144 };

/**
 * Checks limits as docker does and fills in what follows from them: `--cpus` becomes quota and period, memory
 * without `--memory-swap` allows as much swap again. Zero means unset for the sizes, as in docker's API.
 *
 * No limit of processes by default: docker has none (podman: 2048).
 *
 * @throws ERR_TINYD_LIMIT_INVALID with docker's reason.
 */
export function effectiveLimits(limits: ResourceLimits, host: HostResources): EffectiveLimits {
  return {
    ...memoryLimits(limits),
    ...cpuLimits(limits, host),
    ...cpusetLimits(limits, host),
    ...pidsAndBlkio(limits),
    blockDevices: blockDeviceLimits(limits, host.findDevice),
  };
}

function memoryLimits(
  limits: ResourceLimits,
): Pick<
  EffectiveLimits,
  'memoryBytes' | 'memorySwap' | 'memoryReservationBytes' | 'memorySwappiness' | 'oomKillDisable'
> {
  const memory = limits.memoryBytes ?? 0;
  const swap = limits.memorySwapBytes ?? 0;
  const reservation = limits.memoryReservationBytes ?? 0;
  const swappiness = limits.memorySwappiness ?? -1;
  if (memory < 0 || (memory > 0 && memory < MIN_MEMORY))
    throw invalid('--memory', memory, 'minimum memory limit allowed is 6MB');
  if (memory === 0 && swap > 0)
    throw invalid('--memory-swap', swap, 'the memory limit must be set too', 'add --memory');
  if (swap < -1 || (swap > 0 && swap < memory))
    throw invalid('--memory-swap', swap, `it counts memory and swap, and memory alone is ${memory}`);
  if (reservation < 0 || (reservation > 0 && reservation < MIN_MEMORY))
    throw invalid('--memory-reservation', reservation, 'minimum memory reservation allowed is 6MB');
  if (memory > 0 && reservation > memory)
    throw invalid('--memory-reservation', reservation, `it is above the memory limit of ${memory}`);
  if (swappiness < -1 || swappiness > 100)
    throw invalid('--memory-swappiness', swappiness, 'valid memory swappiness range is 0-100');
  return {
    ...(memory === 0 ? {} : { memoryBytes: memory }),
    ...(swap !== 0 ? { memorySwap: { bytes: swap, implied: false } } : {}),
    ...(swap === 0 && memory > 0 ? { memorySwap: { bytes: 2 * memory, implied: true } } : {}),
    ...(reservation === 0 ? {} : { memoryReservationBytes: reservation }),
    ...(swappiness === -1 ? {} : { memorySwappiness: swappiness }),
    oomKillDisable: limits.oomKillDisable ?? false,
  };
}

function cpuLimits(
  limits: ResourceLimits,
  host: HostResources,
): Pick<EffectiveLimits, 'cpuPeriodUs' | 'cpuQuotaUs' | 'cpuShares'> {
  const shares = limits.cpuShares ?? 0;
  if (shares !== 0 && (shares < SHARES.min || shares > SHARES.max))
    throw invalid('--cpu-shares', shares, `the range is from ${SHARES.min} to ${SHARES.max}`);
  return {
    ...(shares === 0 ? {} : { cpuShares: shares }),
    ...(limits.nanoCpus ? wholeCpus(limits.nanoCpus, limits, host) : quotaAndPeriod(limits)),
  };
}

function wholeCpus(nanoCpus: number, limits: ResourceLimits, host: HostResources) {
  if (limits.cpuPeriodUs || limits.cpuQuotaUs) {
    const other = limits.cpuPeriodUs ? '--cpu-period' : '--cpu-quota';
    throw invalid('--cpus', nanoCpus / NANO, `${other} says the same in another way`, 'give one of the two');
  }
  const available = parseCpuList(host.cpus)?.length ?? 1;
  if (nanoCpus < NANO / 100 || nanoCpus > available * NANO) {
    const reason = `range of CPUs is from 0.01 to ${available}.00, as there are only ${available} CPUs available`;
    throw invalid('--cpus', nanoCpus / NANO, reason);
  }
  return { cpuPeriodUs: DEFAULT_PERIOD_US, cpuQuotaUs: Math.round((nanoCpus * DEFAULT_PERIOD_US) / NANO) };
}

function quotaAndPeriod({ cpuPeriodUs: period = 0, cpuQuotaUs: quota = 0 }: ResourceLimits) {
  if (period !== 0 && (period < 1000 || period > 1_000_000))
    throw invalid('--cpu-period', period, 'CPU cfs period can be 1ms (1000) to 1s (1000000)');
  if (quota < -1 || (quota > 0 && quota < 1000))
    throw invalid('--cpu-quota', quota, 'CPU cfs quota can not be less than 1ms (1000)');
  return {
    ...(period === 0 ? {} : { cpuPeriodUs: period }),
    ...(quota === 0 ? {} : { cpuQuotaUs: quota }),
  };
}

function cpusetLimits(limits: ResourceLimits, host: HostResources) {
  const cpus = limits.cpusetCpus ?? '';
  const mems = limits.cpusetMems ?? '';
  checkSet('--cpuset-cpus', 'CPUs', cpus, host.cpus);
  checkSet('--cpuset-mems', 'memory nodes', mems, host.mems);
  return { ...(cpus === '' ? {} : { cpusetCpus: cpus }), ...(mems === '' ? {} : { cpusetMems: mems }) };
}

function checkSet(flag: string, things: string, wanted: string, available: string): void {
  if (wanted === '') return;
  const list = parseCpuList(wanted);
  if (list === undefined) throw invalid(flag, wanted, 'it is no list such as 0-2,4');
  const present = parseCpuList(available) ?? [];
  if (!list.every(number => present.includes(number)))
    throw invalid(flag, wanted, `requested ${things} are not available, available are ${available}`);
}

function pidsAndBlkio({ pidsLimit = 0, blkioWeight = 0 }: ResourceLimits) {
  if (pidsLimit < -1) throw invalid('--pids-limit', pidsLimit, 'it is a number, or -1 for no limit');
  if (blkioWeight !== 0 && (blkioWeight < 10 || blkioWeight > 1000))
    throw invalid('--blkio-weight', blkioWeight, 'range of blkio weight is from 10 to 1000');
  return { ...(pidsLimit > 0 ? { pidsLimit } : {}), ...(blkioWeight === 0 ? {} : { blkioWeight }) };
}

function invalid(flag: string, value: string | number, reason: string, hint?: string): TinydError {
  // Text is quoted: what a user typed may hold line breaks.
  return new TinydError('ERR_TINYD_LIMIT_INVALID', `cannot set ${flag} ${JSON.stringify(value)}: ${reason}`, {
    hint: hint ?? `choose another value for ${flag}`,
    details: { flag, value },
  });
}
