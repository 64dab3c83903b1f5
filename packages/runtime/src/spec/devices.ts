import { lstatSync, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { TinydError } from '@tinyd/core';
import { systemCode } from '../atomic-file';
import type { CreateOptions } from '../options';
import type { SpecDevice, SpecDeviceRule } from '../spec-types';

/** Device nodes and rules that come on top of the default ones. */
export interface ExtraDevices {
  readonly devices: readonly SpecDevice[];
  readonly rules: readonly SpecDeviceRule[];
}

/** What every container may use; the deny-all before it is the cgroup's own default (docker's list; fuse is not on it). */
export const DEFAULT_DEVICE_RULES: readonly SpecDeviceRule[] = [
  { allow: false, access: 'rwm' },
  { allow: true, type: 'c', access: 'm' },
  { allow: true, type: 'b', access: 'm' },
  ...(
    [
      [1, 3],
      [1, 5],
      [1, 7],
      [1, 8],
      [1, 9],
      [5, 0],
      [5, 1],
      [5, 2],
      [10, 200],
    ] as const
  ).map(([major, minor]): SpecDeviceRule => ({ allow: true, type: 'c', major, minor, access: 'rwm' })),
  { allow: true, type: 'c', major: 136, access: 'rwm' },
];

/** `--privileged`. */
export const ALL_DEVICES_RULE: SpecDeviceRule = { allow: true, access: 'rwm' };

/** Nodes that every container gets anyway, or that must not be the host's. */
const OWN_NODES = new Set(['null', 'zero', 'full', 'random', 'urandom', 'tty', 'console', 'ptmx']);
const OWN_FOLDERS = new Set(['pts', 'shm', 'fd', 'mqueue', '.lxc', '.lxd-mounts', '.udev']);

/** Checks and stats `--device`s; a folder stands for all devices in it. Fails with ERR_TINYD_OPTION_INVALID. */
export function requestedDevices(options: CreateOptions['devices']): ExtraDevices {
  const devices = options.flatMap(({ source, target, permissions }) => {
    if (!/^(?!.*(.).*\1)[rwm]{1,3}$/.test(permissions))
      throw invalid(source, `${permissions} is not of r, w and m`);
    if (!target.startsWith('/')) throw invalid(source, `${target} is not an absolute path`);
    return nodesAt(source, posix.normalize(target)).map(device => ({ device, permissions }));
  });
  return {
    devices: devices.map(({ device }) => device),
    rules: devices.map(({ device, permissions }) => ruleOf(device, permissions)),
  };
}

/** `--privileged`: every device node of the host. */
export function hostDevices(): SpecDevice[] {
  return walk('/dev', '/dev', true);
}

function nodesAt(source: string, target: string): SpecDevice[] {
  if (!source.startsWith('/')) throw invalid(source, 'not an absolute path');
  try {
    const real = realpathSync(source);
    const stats = statSync(real);
    if (stats.isDirectory()) {
      const found = walk(real, target, false);
      if (found.length === 0) throw invalid(source, 'there is no device in this folder');
      return found;
    }
    const device = toDevice(stats, target);
    if (device === undefined) throw invalid(source, 'not a device');
    return [device];
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw invalid(source, 'no such file');
    throw error;
  }
}

function walk(folder: string, target: string, top: boolean): SpecDevice[] {
  return readdirSync(folder).flatMap(name => {
    if (top && (OWN_FOLDERS.has(name) || OWN_NODES.has(name))) return [];
    const stats = lstatSync(join(folder, name), { throwIfNoEntry: false });
    if (stats === undefined) return [];
    if (stats.isDirectory()) return walk(join(folder, name), posix.join(target, name), false);
    return toDevice(stats, posix.join(target, name)) ?? [];
  });
}

function toDevice(stats: Stats, path: string): SpecDevice | undefined {
  if (!stats.isCharacterDevice() && !stats.isBlockDevice()) return undefined;
  return {
    type: stats.isBlockDevice() ? 'b' : 'c',
    path,
    major: majorOf(stats.rdev),
    minor: minorOf(stats.rdev),
    fileMode: stats.mode & 0o777,
    uid: stats.uid,
    gid: stats.gid,
  };
}

/** makedev(3) of glibc, taken apart; device numbers have 64 bits, of which the kernel uses 12 + 20. */
export function majorOf(rdev: number): number {
  return Math.floor(rdev / 0x100) & 0xfff;
}
export function minorOf(rdev: number): number {
  return (rdev % 0x100) + (Math.floor(rdev / 0x100000) & 0xfff) * 0x100;
}

function ruleOf(device: SpecDevice, access: string): SpecDeviceRule {
  return {
    allow: true,
    type: device.type === 'b' ? 'b' : 'c',
    ...(device.major === undefined ? {} : { major: device.major }),
    ...(device.minor === undefined ? {} : { minor: device.minor }),
    access,
  };
}

function invalid(source: string, why: string): TinydError {
  return new TinydError('ERR_TINYD_OPTION_INVALID', `cannot add device ${source}: ${why}`, {
    hint: '--device HOST[:CONTAINER[:rwm]]',
    details: { device: source },
  });
}
