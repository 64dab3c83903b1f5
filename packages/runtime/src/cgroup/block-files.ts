import { existsSync, readFileSync } from 'node:fs';
import { type BlockDeviceLimits, DEVICE_LIMITS } from './block-devices';
import { CGROUP_PARENT } from './hierarchies';
import type { EffectiveLimits } from './limits';
import { unavailable } from './unavailable';

/** A file that a limit needs, the flag that wants it, and what a kernel without it lacks. */
export type BlockFile = readonly [needed: boolean, file: string, flag: string, lacks: string];

const NO_WEIGHTS = 'the kernel has no I/O scheduler with weights (BFQ)';
const NO_THROTTLE = 'the kernel cannot throttle disks (BLK_DEV_THROTTLING)';

/** What v1 needs for limits of disks. */
export function v1BlockFiles({ blkioWeight, blockDevices }: EffectiveLimits): BlockFile[] {
  const weights = blockDevices.some(({ weight }) => weight !== undefined);
  const throttle = blockDevices.find(isThrottled);
  return [
    [blkioWeight !== undefined, 'blkio.bfq.weight', '--blkio-weight', NO_WEIGHTS],
    [weights, 'blkio.bfq.weight_device', '--blkio-weight-device', NO_WEIGHTS],
    [throttle !== undefined, 'blkio.throttle.read_bps_device', throttleFlag(throttle), NO_THROTTLE],
  ];
}

/** The same of v2. */
export function v2BlockFiles(
  { blkioWeight, blockDevices }: EffectiveLimits,
  weightFile: string,
): BlockFile[] {
  const weights = blockDevices.some(({ weight }) => weight !== undefined);
  const throttle = blockDevices.find(isThrottled);
  return [
    [blkioWeight !== undefined, weightFile, '--blkio-weight', NO_WEIGHTS],
    [weights, weightFile, '--blkio-weight-device', NO_WEIGHTS],
    [throttle !== undefined, 'io.max', throttleFlag(throttle), NO_THROTTLE],
  ];
}

/** Whether a disk is to give less than it can. */
export function isThrottled({ readBps, writeBps, readIops, writeIops }: BlockDeviceLimits): boolean {
  return [readBps, writeBps, readIops, writeIops].some(rate => rate !== undefined);
}

/** The flag that asked for it. */
export function throttleFlag(device: BlockDeviceLimits | undefined): string {
  const rates = Object.values(DEVICE_LIMITS).filter(({ key }) => key !== 'weight');
  return rates.find(({ key }) => device?.[key] !== undefined)?.flag ?? '';
}

/**
 * Refuses what the kernel has no file for: it makes some only where it can do something with them, and never in the root.
 *
 * Fails with ERR_TINYD_CGROUP_UNAVAILABLE.
 */
export function checkBlockFiles(mount: string, files: readonly BlockFile[]): void {
  const folder = `${mount}${CGROUP_PARENT}`;
  if (!existsSync(folder)) return;
  for (const [needed, file, flag, lacks] of files) {
    if (needed && !existsSync(`${folder}/${file}`)) throw unavailable('blkio', flag, lacks);
  }
}

/**
 * Refuses a weight on one disk where another I/O scheduler than BFQ serves it: the kernel takes the value from no file then.
 *
 * Fails with ERR_TINYD_CGROUP_UNAVAILABLE.
 */
export function checkSchedulers({ blockDevices }: EffectiveLimits): void {
  for (const { major, minor, weight } of blockDevices) {
    if (weight === undefined) continue;
    const file = `/sys/dev/block/${major}:${minor}/queue/scheduler`;
    const active = /\[(.+?)\]/.exec(readScheduler(file))?.[1];
    if (active === undefined || active === 'bfq') continue;
    throw unavailable(
      'blkio',
      '--blkio-weight-device',
      `disk ${major}:${minor} has the I/O scheduler ${active}, which knows no weights`,
      `choose the one that does: echo bfq > ${file}`,
    );
  }
}

/** Empty for a disk without one. */
function readScheduler(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
