import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const CPUS = '/sys/devices/system/cpu';

const MASKED = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
];

/** What a default container may read but not write. */
export const READONLY_PATHS: readonly string[] = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
];

/** What a default container may not see: docker's list, each CPU's thermal_throttle counters included. */
export function maskedPaths(): string[] {
  return [...MASKED, ...thermalThrottles()];
}

/** A side channel (GHSA-6fw5-f8r9-fgfm); only some hosts have the folders. */
function thermalThrottles(): string[] {
  try {
    return readdirSync(CPUS)
      .filter(name => /^cpu\d+$/.test(name))
      .map(name => join(CPUS, name, 'thermal_throttle'))
      .filter(path => existsSync(path));
  } catch {
    return [];
  }
}
