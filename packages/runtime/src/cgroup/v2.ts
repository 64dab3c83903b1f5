import type { BlockDeviceLimits } from './block-devices';
import type { EffectiveLimits } from './limits';
import { given, type Write } from './v1';

/** What v2 needs to know of the host. */
export interface V2Facts {
  /** io.bfq.weight takes docker's 10 to 1000 as it is, io.weight has a range of its own. */
  readonly weightFile: 'io.weight' | 'io.bfq.weight';
}

const DEFAULT_PERIOD_US = 100_000;

/** The writes for one v2 cgroup. */
export function v2Writes(limits: EffectiveLimits, facts: V2Facts): Write[] {
  const { memoryBytes, memorySwap } = limits;
  return [
    ...given('memory.max', memoryBytes),
    ...(memorySwap === undefined ? [] : [swapWrite(memoryBytes ?? 0, memorySwap)]),
    ...given('memory.low', limits.memoryReservationBytes),
    ...cpuMax(limits),
    ...given('cpu.weight', limits.cpuShares === undefined ? undefined : cpuWeight(limits.cpuShares)),
    ...given('cpuset.cpus', limits.cpusetCpus),
    ...given('cpuset.mems', limits.cpusetMems),
    ...given('pids.max', limits.pidsLimit),
    ...given(facts.weightFile, ioWeight(limits.blkioWeight, facts)),
    ...limits.blockDevices.flatMap(device => blockDeviceWrites(device, facts)),
  ];
}

/**
 * Shares of v1 (2 to 262144, 1024 by default) as a weight of v2 (1 to 10000, 100 by default), on the straight line
 * that docker's and podman's runtimes used until 2025: 1024 becomes 39.
 */
export function cpuWeight(shares: number): number {
  return 1 + Math.floor(((shares - 2) * 9999) / 262_142);
}

/** v2 counts swap alone, docker memory and swap together. Optional where docker only implies it: no swap, no file. */
function swapWrite(memoryBytes: number, swap: NonNullable<EffectiveLimits['memorySwap']>): Write {
  const value = swap.bytes === -1 ? 'max' : String(swap.bytes - memoryBytes);
  return { file: 'memory.swap.max', value, optional: swap.implied };
}

function cpuMax({ cpuQuotaUs, cpuPeriodUs }: EffectiveLimits): Write[] {
  if (cpuQuotaUs === undefined && cpuPeriodUs === undefined) return [];
  const quota = cpuQuotaUs === undefined || cpuQuotaUs === -1 ? 'max' : String(cpuQuotaUs);
  return given('cpu.max', `${quota} ${cpuPeriodUs ?? DEFAULT_PERIOD_US}`);
}

function blockDeviceWrites(device: BlockDeviceLimits, facts: V2Facts): Write[] {
  const id = `${device.major}:${device.minor}`;
  const { weight, readBps, writeBps, readIops, writeIops } = device;
  const rates = [readBps, writeBps, readIops, writeIops];
  const words = ['rbps', 'wbps', 'riops', 'wiops'].map((name, index) => `${name}=${rates[index] ?? 'max'}`);
  return [
    ...(rates.every(rate => rate === undefined) ? [] : given('io.max', `${id} ${words.join(' ')}`)),
    ...(weight === undefined ? [] : given(facts.weightFile, `${id} ${ioWeight(weight, facts)}`)),
  ];
}

function ioWeight(weight: number | undefined, facts: V2Facts): number | undefined {
  if (weight === undefined || facts.weightFile === 'io.bfq.weight') return weight;
  // 10..1000 onto 1..10000.
  return 1 + Math.floor(((weight - 10) * 9999) / 990);
}
