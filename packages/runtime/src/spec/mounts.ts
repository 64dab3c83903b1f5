import { posix } from 'node:path';
import { TinydError } from '@tinyd/core';
import type { CreateOptions } from '../options';
import type { SpecMount } from '../spec-types';
import { tmpfsOptions } from './tmpfs-options';

/** docker's --shm-size. */
export const DEFAULT_SHM_BYTES = 64 * 1024 * 1024;

/** The three files that the runtime writes and every container mounts. */
export interface EtcFiles {
  readonly resolvConf: string;
  readonly hostname: string;
  readonly hosts: string;
}

/**
 * All mounts of a container, in the order in which they are made: docker's own, then the user's, its volumes and the
 * three files of /etc, shallow ones first. A user's mount at the place of a default one replaces it.
 *
 * Fails with ERR_TINYD_MOUNT_INVALID.
 */
export function specMounts(
  options: CreateOptions,
  etc: EtcFiles,
  volumes: readonly SpecMount[] = [],
): SpecMount[] {
  const own = userMounts(options, volumes);
  const replaced = new Set(own.map(mount => mount.destination));
  const defaults = defaultMounts(options).filter(
    mount =>
      !replaced.has(mount.destination) &&
      !(replaced.has('/dev') && mount.destination.startsWith('/dev/')) &&
      !(replaced.has('/sys') && mount.destination.startsWith('/sys/')),
  );
  const files = etcMounts(etc, options.readOnlyRoot).filter(mount => !replaced.has(mount.destination));
  return [...defaults, ...[...own, ...files].sort((a, b) => depth(a) - depth(b))];
}

function defaultMounts(options: CreateOptions): SpecMount[] {
  const sysAccess = options.privileged ? 'rw' : 'ro';
  const shm = options.shmBytes ?? DEFAULT_SHM_BYTES;
  const guarded = ['nosuid', 'noexec', 'nodev'];
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: guarded },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
    },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...guarded, sysAccess] },
    { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: [sysAccess, ...guarded] },
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: guarded },
    ...sharedMemory(options, [...guarded, 'mode=1777', `size=${shm}`]),
  ];
}

/** /dev/shm: its own, none, or the one of those with whom it shares the IPC namespace. */
function sharedMemory({ ipc }: CreateOptions, own: readonly string[]): SpecMount[] {
  const place = { destination: '/dev/shm' };
  if (ipc?.mode === 'none') return [];
  if (ipc?.mode === 'host' || ipc?.mode === 'container')
    return [{ ...place, type: 'bind', source: '/dev/shm', options: ['bind', 'rprivate', 'rw'] }];
  return [{ ...place, type: 'tmpfs', source: 'shm', options: own }];
}

function userMounts(options: CreateOptions, volumes: readonly SpecMount[]): SpecMount[] {
  const binds = options.binds.map((bind): SpecMount => {
    checkBindSource(bind.source, bind.target);
    return {
      destination: cleanTarget(bind.target),
      type: 'bind',
      source: posix.normalize(bind.source),
      options: [
        bind.submounts === 'hidden' ? 'bind' : 'rbind',
        bind.propagation,
        // runtime-spec: `ro` is for the mount itself, `rro` for those below it too.
        bind.readOnly ? (bind.submounts === 'writable' ? 'ro' : 'rro') : 'rw',
      ],
    };
  });
  const tmpfs = options.tmpfs.map(
    (mount): SpecMount => ({
      destination: cleanTarget(mount.target),
      type: 'tmpfs',
      source: 'tmpfs',
      options: tmpfsOptions(mount.target, mount.options),
    }),
  );
  const seen = new Set<string>();
  for (const { destination } of [...binds, ...volumes, ...tmpfs]) {
    if (seen.has(destination)) throw invalid(destination, 'two mounts have this target', 'drop one of them');
    seen.add(destination);
  }
  return [...binds, ...volumes, ...tmpfs];
}

function etcMounts(etc: EtcFiles, readOnly: boolean): SpecMount[] {
  const options = ['rbind', 'rprivate', readOnly ? 'ro' : 'rw'];
  return [
    { destination: '/etc/resolv.conf', type: 'bind', source: etc.resolvConf, options },
    { destination: '/etc/hostname', type: 'bind', source: etc.hostname, options },
    { destination: '/etc/hosts', type: 'bind', source: etc.hosts, options },
  ];
}

function checkBindSource(source: string, target: string): void {
  if (source.startsWith('/')) {
    if (source.includes('\0')) throw invalid(target, 'its source contains a NUL byte', 'check the path');
    return;
  }
  throw invalid(target, `its source ${JSON.stringify(source)} is not an absolute path`, 'begin it with /');
}

/** The path of a mount in the one form that is compared. Fails with ERR_TINYD_MOUNT_INVALID. */
export function cleanTarget(target: string): string {
  if (!target.startsWith('/')) throw invalid(target, 'the target is not an absolute path', 'begin it with /');
  if (target.includes('\0')) throw invalid(target, 'the target contains a NUL byte', 'check the path');
  const clean = posix.normalize(target).replace(/(.)\/$/, '$1');
  if (clean === '/')
    throw invalid(target, 'the root itself cannot be mounted over', 'choose a folder below it');
  // Masks and read-only paths would be laid over files of the user's, and the kernel's own left open (CVE-2019-16884).
  if (clean === '/proc')
    throw invalid(target, 'it must be the kernel’s own', 'mount it elsewhere: /host/proc');
  return clean;
}

function depth(mount: SpecMount): number {
  return mount.destination.split('/').length;
}

function invalid(target: string, why: string, hint: string): TinydError {
  return new TinydError('ERR_TINYD_MOUNT_INVALID', `cannot mount on ${JSON.stringify(target)}: ${why}`, {
    hint,
    details: { target },
  });
}
