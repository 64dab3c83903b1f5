import { closeSync, openSync, readFileSync } from 'node:fs';
import { TinydError } from '@tinyd/core';
import { O_PATH } from '@tinyd/native';
import { mountOf } from '@tinyd/tree';
import type { Propagation } from './mount-options';

/**
 * Refuses what could not be: mounts spread to and from a container only if the host lets the mount that the source is on spread
 * (mount_namespaces(7)). The kernel would say nothing and spread nothing.
 *
 * Fails with ERR_TINYD_MOUNT_INVALID.
 */
export function checkPropagation(source: string, target: string, propagation: Propagation): void {
  const wanted = propagation.replace(/^r/, '');
  if (wanted === 'private') return;
  const mount = mountUnder(source);
  if (mount === undefined || mount.isShared || (wanted === 'slave' && mount.isSlave)) return;
  throw new TinydError(
    'ERR_TINYD_MOUNT_INVALID',
    `cannot mount ${source} on ${target} as ${propagation}: ${mount.point} is not a shared mount${wanted === 'slave' ? ' or a slave' : ''}`,
    {
      hint: `make it one first: mount --make-shared ${mount.point}`,
      details: { source, target, propagation, mountPoint: mount.point },
    },
  );
}

interface MountUnder {
  readonly point: string;
  readonly isShared: boolean;
  readonly isSlave: boolean;
}

/** The mount that a path is on, of /proc/self/mountinfo (proc_pid_mountinfo(5)); undefined if that does not tell. */
function mountUnder(path: string): MountUnder | undefined {
  const fd = openSync(path, O_PATH);
  try {
    const id = String(mountOf(fd));
    for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
      const [own, , , , point = '', , ...tags] = line.split(' ');
      if (own !== id) continue;
      const optional = tags.slice(0, tags.indexOf('-'));
      return {
        point: point.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8))),
        isShared: optional.some(tag => tag.startsWith('shared:')),
        isSlave: optional.some(tag => tag.startsWith('master:')),
      };
    }
    return undefined;
  } finally {
    closeSync(fd);
  }
}
