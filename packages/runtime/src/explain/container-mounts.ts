import { readFileSync, realpathSync } from 'node:fs';
import type { Spec, SpecMount } from '../spec-types';

/** What the mounts of a container mean for the files below them. */
export interface ContainerMounts {
  /** The mount that forbids execution at a path. */
  readonly noexecMount: (path: string) => string | undefined;
  /** Whether a path is on a mount that is empty at every start. */
  readonly startsEmpty: (path: string) => boolean;
  /** The mount that shows a path, of those that hide the image's files. */
  readonly mountAt: (path: string) => string | undefined;
}

/** Looks at the mounts of a specification. */
export function containerMounts({ mounts }: Spec): ContainerMounts {
  const covering = (path: string): SpecMount | undefined =>
    mounts
      .filter(({ destination }) => path === destination || path.startsWith(`${destination}/`))
      .reduce<SpecMount | undefined>(
        (deepest, mount) =>
          deepest === undefined || mount.destination.length >= deepest.destination.length ? mount : deepest,
        undefined,
      );
  return {
    noexecMount: path => {
      const mount = covering(path);
      if (mount === undefined) return undefined;
      if (mount.options?.includes('noexec')) return `${describeMount(mount)} is mounted noexec`;
      const isNoexec = mount.type === 'bind' && hostMountOptions(mount.source ?? '').includes('noexec');
      return isNoexec ? `${describeMount(mount)} is on a file system that the host mounts noexec` : undefined;
    },
    startsEmpty: path => covering(path)?.type === 'tmpfs',
    mountAt: path => {
      const mount = covering(path);
      return mount === undefined ? undefined : describeMount(mount);
    },
  };
}

function describeMount({ type, source, destination }: SpecMount): string {
  return type === 'bind' ? `the mount of ${source} on ${destination}` : `the ${type} on ${destination}`;
}

/** Options of the host's mount that holds a path (proc(5), mountinfo: point in the fifth field, options in the sixth). */
function hostMountOptions(path: string): readonly string[] {
  let real: string;
  let table: string;
  try {
    real = realpathSync(path);
    table = readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    return [];
  }
  let [longest, options] = [-1, ''];
  for (const line of table.split('\n')) {
    const fields = line.split(' ');
    const point = (fields[4] ?? '').replace(/\\([0-7]{3})/g, (_, digits: string) =>
      String.fromCharCode(Number.parseInt(digits, 8)),
    );
    const holds = point === '/' || real === point || real.startsWith(`${point}/`);
    // Of two on one point the later one counts.
    if (point !== '' && holds && point.length >= longest)
      [longest, options] = [point.length, fields[5] ?? ''];
  }
  return options.split(',');
}
