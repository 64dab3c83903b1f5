import { closeSync, constants, existsSync, fstatSync, mkdirSync, openSync, statSync } from 'node:fs';
import { TinydError } from '@tinyd/core';
import { O_PATH, openBelow } from '@tinyd/native';
import { systemCode } from '../atomic-file';
import type { MountStep } from '../plan/mount-step';
import type { Spec, SpecDevice, SpecMount } from '../spec-types';
import type { VolumePart } from '../volumes/mount-volumes';
import { lowerOptions } from './mount-options';
import { checkPropagation } from './propagation';

/** Device nodes of every container: the ones the specification demands (config-linux.md, "Default Devices"). */
const DEFAULT_DEVICES: readonly SpecDevice[] = (
  [
    ['null', 1, 3],
    ['zero', 1, 5],
    ['full', 1, 7],
    ['random', 1, 8],
    ['urandom', 1, 9],
    ['tty', 5, 0],
  ] as const
).map(([name, major, minor]) => ({
  type: 'c',
  path: `/dev/${name}`,
  major,
  minor,
  fileMode: 0o666,
  uid: 0,
  gid: 0,
}));

const DEFAULT_LINKS = [
  ['/dev/fd', '/proc/self/fd'],
  ['/dev/stdin', '/proc/self/fd/0'],
  ['/dev/stdout', '/proc/self/fd/1'],
  ['/dev/stderr', '/proc/self/fd/2'],
  ['/dev/ptmx', 'pts/ptmx'],
] as const;

/**
 * Lowers the mounts, devices, masked and read-only paths of a specification to steps.
 *
 * @param cgroupSteps what a mount of type `cgroup` means on this host
 * @param parts the binds that are parts of volumes, by destination
 * @param known the steps of mounts that the specification cannot tell in full, by destination
 * Fails with ERR_TINYD_MOUNT_INVALID when the source of a bind is missing.
 */
export function lowerMounts(
  spec: Spec,
  cgroupSteps: (mount: SpecMount) => readonly MountStep[],
  parts: ReadonlyMap<string, VolumePart> = new Map(),
  known: ReadonlyMap<string, MountStep> = new Map(),
): MountStep[] {
  const steps = spec.mounts.flatMap((mount): readonly MountStep[] => {
    if (mount.type === 'cgroup') return cgroupSteps(mount);
    const step = known.get(mount.destination);
    if (step !== undefined) return [step];
    if (mount.type === 'bind') return [bindStep(mount, parts.get(mount.destination))];
    const { flags, data } = lowerOptions(mount.options ?? []);
    const type = mount.type ?? 'none';
    const plain: MountStep = {
      kind: 'filesystem',
      type,
      source: mount.source ?? type,
      target: mount.destination,
      flags,
      data,
    };
    return mount.destination === '/dev' ? [plain, ...deviceSteps(spec)] : [plain];
  });
  const { maskedPaths = [], readonlyPaths = [] } = spec.linux;
  return [
    ...steps,
    ...readonlyPaths.map((path): MountStep => ({ kind: 'readonly', path })),
    ...maskedPaths.map((path): MountStep => ({ kind: 'mask', path })),
  ];
}

/** A process of a running container. */
export interface RunningProcess {
  readonly pid: number;
  readonly startTicks: bigint;
}

/** The place of POSIX shared memory (shm_overview(7)). */
export const SHARED_MEMORY = '/dev/shm';

/** Mounts the shared memory of another container. */
export function sharedMemoryStep(process: RunningProcess): MountStep {
  return {
    kind: 'bind',
    source: SHARED_MEMORY,
    process,
    target: SHARED_MEMORY,
    recursive: false,
    flags: 0,
    flagsBelow: false,
    propagation: 'rprivate',
    targetIsDirectory: true,
  };
}

function deviceSteps(spec: Spec): MountStep[] {
  const own = spec.linux.devices ?? [];
  const taken = new Set(own.map(device => device.path));
  const devices = [...DEFAULT_DEVICES.filter(device => !taken.has(device.path)), ...own];
  const links = existsSync('/proc/kcore')
    ? [...DEFAULT_LINKS, ['/dev/core', '/proc/kcore'] as const]
    : DEFAULT_LINKS;
  return [
    ...devices.map(
      (device): MountStep => ({
        kind: 'device',
        path: device.path,
        type: device.type === 'b' ? 'b' : 'c',
        major: device.major ?? 0,
        minor: device.minor ?? 0,
        mode: device.fileMode ?? 0o666,
        uid: device.uid ?? 0,
        gid: device.gid ?? 0,
      }),
    ),
    ...links.map(([path, target]): MountStep => ({ kind: 'symlink', path, target })),
  ];
}

function bindStep(mount: SpecMount, part: VolumePart | undefined): MountStep {
  const source = part?.folder ?? mount.source ?? '';
  const { flags, flagsBelow, recursive, propagation } = lowerOptions(mount.options ?? []);
  const targetIsDirectory =
    part === undefined ? isFolder(source, mount.destination) : isFolderBelow(part, mount.destination);
  checkPropagation(source, mount.destination, propagation);
  return {
    kind: 'bind',
    source,
    ...(part === undefined ? {} : { subpath: part.subpath }),
    target: mount.destination,
    recursive,
    flags,
    flagsBelow,
    propagation,
    targetIsDirectory,
  };
}

function isFolder(source: string, target: string): boolean {
  try {
    return statSync(source).isDirectory();
  } catch (error) {
    const why =
      systemCode(error) === 'ENOENT' ? 'no such file or folder on the host' : (error as Error).message;
    throw new TinydError('ERR_TINYD_MOUNT_INVALID', `cannot mount ${source} on ${target}: ${why}`, {
      hint: 'make the source first',
      details: { source, target },
      cause: error,
    });
  }
}

/** Looked up without opening: a container may have put a device there. */
function isFolderBelow({ folder, subpath }: VolumePart, target: string): boolean {
  const root = openSync(folder, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const fd = openBelow(root, Buffer.from(subpath), O_PATH);
    try {
      return fstatSync(fd).isDirectory();
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw new TinydError(
      'ERR_TINYD_MOUNT_INVALID',
      `cannot mount ${subpath} of volume folder ${folder} on ${target}: ${systemCode(error) === 'ENOENT' ? 'no such file or folder in the volume' : (error as Error).message}`,
      { hint: 'make it in the volume first', details: { folder, subpath, target }, cause: error },
    );
  } finally {
    closeSync(root);
  }
}

/** Makes the missing sources of `-v` binds, as docker does. Fails with ERR_TINYD_MOUNT_INVALID. */
export function makeBindSources(
  binds: readonly { readonly source: string; readonly target: string; readonly createSource: boolean }[],
): void {
  for (const { source, target, createSource } of binds) {
    if (!createSource || existsSync(source)) continue;
    try {
      mkdirSync(source, { recursive: true, mode: 0o755 });
    } catch (error) {
      throw new TinydError(
        'ERR_TINYD_MOUNT_INVALID',
        `cannot mount ${source} on ${target}: cannot make the folder (${systemCode(error)})`,
        {
          hint: 'check the path on the host',
          details: { source, target },
          cause: error,
        },
      );
    }
  }
}
