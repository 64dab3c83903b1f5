import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** What tinyd controls. v2 has no files for cpuacct, devices and freezer: there they come with every cgroup. */
const CONTROLLERS = ['memory', 'cpu', 'cpuacct', 'cpuset', 'pids', 'blkio', 'devices', 'freezer'] as const;
export type Controller = (typeof CONTROLLERS)[number];

/** Below this name in every hierarchy lie the cgroups of containers. */
export const CGROUP_PARENT = '/tinyd';

/**
 * The v2 cgroup of all monitors, beside those of containers. systemd ends what is left in a service's cgroup with the
 * service, and a session's may be limited: a container that was started there is to outlive both.
 */
export const MONITORS = `${CGROUP_PARENT}/monitors`;

/** A mounted v1 hierarchy. */
export interface V1Hierarchy {
  /** `/sys/fs/cgroup/cpu,cpuacct`. */
  readonly mount: string;
  /** Its own name there: `cpu,cpuacct`. */
  readonly name: string;
  /** Those of {@link CONTROLLERS} that it carries. */
  readonly controllers: readonly Controller[];
}

/** The mounted v2 hierarchy; on a hybrid host it may carry next to nothing. */
export interface V2Hierarchy {
  readonly mount: string;
  /** `cgroup.controllers` of its root, kernel's names: cpu, io, memory, … */
  readonly available: readonly string[];
}

/** What a host offers; every controller is in one hierarchy or in none. */
export interface CgroupHost {
  readonly v1: readonly V1Hierarchy[];
  readonly v2: V2Hierarchy | undefined;
  /** Where a controller is: a v1 hierarchy, `v2`, or nowhere. */
  readonly home: ReadonlyMap<Controller, V1Hierarchy | 'v2'>;
}

/** v2's own names, where they differ; undefined: part of every v2 cgroup. */
export const V2_NAMES: Readonly<Record<Controller, string | undefined>> = {
  memory: 'memory',
  cpu: 'cpu',
  cpuacct: undefined,
  cpuset: 'cpuset',
  pids: 'pids',
  blkio: 'io',
  devices: undefined,
  freezer: undefined,
};

/**
 * Finds out which hierarchies are mounted: v1, v2, or both (hybrid), per controller.
 *
 * A controller with a v1 hierarchy is not on offer in v2 (cgroups(7)), so that there is never a choice to make.
 *
 * @param read replaces the file system in tests.
 */
export function detectCgroups(
  read: (path: string) => string = path => readFileSync(path, 'utf8'),
): CgroupHost {
  const v1: V1Hierarchy[] = [];
  let v2: V2Hierarchy | undefined;
  for (const mount of parseMounts(read('/proc/self/mountinfo'))) {
    if (mount.type === 'cgroup2' && v2 === undefined) {
      const available = read(`${mount.point}/cgroup.controllers`).split(/\s+/).filter(Boolean);
      v2 = { mount: mount.point, available };
    }
    if (mount.type !== 'cgroup') continue;
    const controllers = CONTROLLERS.filter(name => mount.options.includes(name));
    const seen = v1.some(({ controllers: had }) => had.some(name => controllers.includes(name)));
    if (controllers.length > 0 && !seen)
      v1.push({ mount: mount.point, name: basename(mount.point), controllers });
  }
  return { v1, v2, home: controllerHomes(v1, v2) };
}

/** Where each controller is, given what the hierarchies carry. */
export function controllerHomes(v1: readonly V1Hierarchy[], v2: V2Hierarchy | undefined): CgroupHost['home'] {
  const home = new Map<Controller, V1Hierarchy | 'v2'>();
  for (const controller of CONTROLLERS) {
    const old = v1.find(({ controllers }) => controllers.includes(controller));
    const name = V2_NAMES[controller];
    if (old !== undefined) home.set(controller, old);
    else if (v2 !== undefined && (name === undefined || v2.available.includes(name)))
      home.set(controller, 'v2');
  }
  return home;
}

/** True when v2 carries a controller, or is all there is. */
export function usesV2(host: CgroupHost): boolean {
  return host.v2 !== undefined && (host.v1.length === 0 || [...host.home.values()].includes('v2'));
}

interface MountLine {
  readonly point: string;
  readonly type: string;
  readonly options: readonly string[];
}

/** proc(5): ID, parent, device, root, mount point, options, optional fields, `-`, type, source, super options. */
function parseMounts(mountinfo: string): MountLine[] {
  return mountinfo.split('\n').flatMap(line => {
    const fields = line.split(' ');
    const separator = fields.indexOf('-', 6);
    const [point, type, options] = [fields[4], fields[separator + 1], fields[separator + 3]];
    if (separator < 0 || point === undefined || type === undefined || options === undefined) return [];
    return [{ point: unescapeMount(point), type, options: options.split(',') }];
  });
}

/** Blanks and the like stand as octal escapes: `\040`. */
function unescapeMount(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
