import { existsSync, type Stats, statSync } from 'node:fs';
import { TinydError } from '@tinyd/core';
import { systemCode } from '../atomic-file';
import type { DeviceLimit, ResourceLimits } from '../options';
import { majorOf, minorOf } from '../spec/devices';

/** What one disk gives to a container. Absent: as much as it can. */
export interface BlockDeviceLimits {
  readonly major: number;
  readonly minor: number;
  /** 10 to 1000. */
  readonly weight?: number;
  /** Bytes, and operations, a second. */
  readonly readBps?: number;
  readonly writeBps?: number;
  readonly readIops?: number;
  readonly writeIops?: number;
}

/** Limits of disks by the flags that set them. */
export const DEVICE_LIMITS = {
  blkioWeightDevices: { flag: '--blkio-weight-device', key: 'weight' },
  deviceReadBps: { flag: '--device-read-bps', key: 'readBps' },
  deviceWriteBps: { flag: '--device-write-bps', key: 'writeBps' },
  deviceReadIops: { flag: '--device-read-iops', key: 'readIops' },
  deviceWriteIops: { flag: '--device-write-iops', key: 'writeIops' },
} as const;

/** Names of those limits in {@link ResourceLimits}. */
export type DeviceLimitName = keyof typeof DEVICE_LIMITS;
export const DEVICE_LIMIT_NAMES = Object.keys(DEVICE_LIMITS) as readonly DeviceLimitName[];

/** Finds a device by its path; injected so that the rules can be tested without disks. */
export type FindDevice = (path: string) => { readonly major: number; readonly minor: number };

/**
 * Gathers the limits by device, in the order in which the devices are first named. A limit of 0 is none.
 *
 * Fails with ERR_TINYD_LIMIT_INVALID where a path is no whole disk, or a weight is out of range.
 */
export function blockDeviceLimits(limits: ResourceLimits, find?: FindDevice): BlockDeviceLimits[] {
  const devices = new Map<string, BlockDeviceLimits>();
  for (const name of DEVICE_LIMIT_NAMES) {
    const { flag, key } = DEVICE_LIMITS[name];
    for (const { path, value } of limits[name] ?? []) {
      if (value === 0) continue;
      checkValue(flag, path, value, key === 'weight');
      const device = find?.(path) ?? findDisk(flag, path);
      const id = `${device.major}:${device.minor}`;
      devices.set(id, { ...device, ...devices.get(id), [key]: value });
    }
  }
  return [...devices.values()];
}

/** Limits of before with those that are given in place of the ones of the same device; 0 takes one away. */
export function mergeDeviceLimits(
  before: readonly DeviceLimit[] = [],
  changes: readonly DeviceLimit[] = [],
): readonly DeviceLimit[] {
  const kept = before.filter(({ path }) => !changes.some(change => change.path === path));
  return [...kept, ...changes].filter(({ value }) => value !== 0);
}

function checkValue(flag: string, path: string, value: number, isWeight: boolean): void {
  if (isWeight && (value < 10 || value > 1000))
    throw invalid(flag, path, `the weight is ${value}, and goes from 10 to 1000`);
  if (value < 0) throw invalid(flag, path, 'the rate is below 0');
}

function findDisk(flag: string, path: string): { major: number; minor: number } {
  let stats: Stats;
  try {
    stats = statSync(path);
  } catch (error) {
    const why = systemCode(error) === 'ENOENT' ? 'no such device on this host' : (error as Error).message;
    throw invalid(flag, path, why);
  }
  if (!stats.isBlockDevice()) throw invalid(flag, path, 'not a block device');
  const [major, minor] = [majorOf(stats.rdev), minorOf(stats.rdev)];
  if (existsSync(`/sys/dev/block/${major}:${minor}/partition`))
    throw invalid(flag, path, 'a partition has no limits of its own', 'name the disk that it is on');
  return { major, minor };
}

function invalid(flag: string, path: string, why: string, hint = `${flag} DEVICE:VALUE`): TinydError {
  return new TinydError('ERR_TINYD_LIMIT_INVALID', `cannot set ${flag} ${JSON.stringify(path)}: ${why}`, {
    hint,
    details: { flag, device: path },
  });
}
