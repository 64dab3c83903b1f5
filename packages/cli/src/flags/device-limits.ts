import type { DeviceLimit } from '@tinyd/runtime';
import { invalidFlag } from './invalid';
import { parseInteger, parseMemory } from './numbers';

/** `--device-read-bps /dev/sda:1mb`: a disk and bytes a second. */
export function parseDeviceRate(flag: string, text: string): DeviceLimit {
  return parseDeviceLimit(flag, text, value => parseMemory(flag, value));
}

/** `--device-read-iops /dev/sda:1000`, `--blkio-weight-device /dev/sda:500`. */
export function parseDeviceNumber(flag: string, text: string): DeviceLimit {
  return parseDeviceLimit(flag, text, value => parseInteger(flag, value, 0));
}

function parseDeviceLimit(flag: string, text: string, parse: (value: string) => number): DeviceLimit {
  const at = text.lastIndexOf(':');
  const path = text.slice(0, Math.max(at, 0));
  if (!path.startsWith('/dev/')) throw invalidFlag(flag, text, 'want /dev/DISK:VALUE');
  return { path, value: parse(text.slice(at + 1)) };
}
