import { join } from 'node:path';

/** The two folders of one tinyd: what survives a reboot, and what does not. */
export interface RuntimeFolders {
  /** `/var/lib/tinyd`: containers, names, networks, and the store's layers. */
  readonly root: string;
  /** `/run/tinyd`: sockets and locks of running containers. */
  readonly state: string;
}

/** Every path of the runtime that does not belong to one container. */
export interface RuntimeLayout extends RuntimeFolders {
  readonly containers: string;
  readonly names: string;
  /** flock'd for the milliseconds in which a name is claimed or stale halves are collected. */
  readonly namesLock: string;
  readonly runs: string;
  /** What `ps` shows of the containers' records (`lifecycle/description-cache.ts`). */
  readonly descriptions: string;
  /** Which packet rules were last found whole (`network/glance.ts`). */
  readonly rulesNote: string;
  /** What `network.json` of containers that run says of bridges (`lifecycle/plug-cache.ts`). */
  readonly plugs: string;
  /** Which containers have a limit of disk space: projects of the file system. */
  readonly quotas: string;
}

/** Every path of one container. */
export interface ContainerLayout {
  readonly id: string;
  readonly dir: string;
  readonly record: string;
  readonly spec: string;
  readonly state: string;
  /** Why the last start that failed did. */
  readonly failedStart: string;
  /** What the health check has found since the last start (`state/health.ts`). */
  readonly health: string;
  /** There when a user has stopped it: it is not started again until a user starts it. */
  readonly stopped: string;
  readonly network: string;
  readonly lock: string;
  readonly upper: string;
  readonly work: string;
  readonly rootfs: string;
  readonly hostname: string;
  readonly hosts: string;
  readonly resolvConf: string;
  readonly log: string;
  readonly runDir: string;
  readonly monitorLock: string;
  readonly attachSocket: string;
  /** The plan in force while it runs (`plan/plan-file.ts`). */
  readonly plan: string;
  /** Link to `names/`, by which the monitor of a `--rm` container reaches its name; gone once it is renamed. */
  readonly nameFolder: string;
  readonly execs: string;
}

/** Prefixes of folders in `containers/` that are no containers: being made, being removed. */
export const MAKING_PREFIX = '.tmp-';
export const REMOVING_PREFIX = '.removing-';

/** Computes the paths shared by all containers. */
export function runtimeLayout(folders: RuntimeFolders): RuntimeLayout {
  return {
    ...folders,
    containers: join(folders.root, 'containers'),
    names: join(folders.root, 'names'),
    namesLock: join(folders.root, 'names', '.lock'),
    runs: join(folders.state, 'containers'),
    descriptions: join(folders.state, 'descriptions.json'),
    rulesNote: join(folders.state, 'packet-rules'),
    plugs: join(folders.state, 'plugs'),
    quotas: join(folders.root, 'quotas'),
  };
}

/**
 * Computes the paths of a container; `dir` differs from the final one only while it is being made.
 *
 * Not by `join`, which would look at each character: `ps` does this for a thousand containers.
 */
export function containerLayout(
  layout: RuntimeLayout,
  id: string,
  dir = `${layout.containers}/${id}`,
): ContainerLayout {
  const runDir = `${layout.runs}/${id}`;
  return {
    id,
    dir,
    record: `${dir}/container.json`,
    spec: `${dir}/config.json`,
    state: `${dir}/state.json`,
    failedStart: `${dir}/failed-start.json`,
    stopped: `${dir}/stopped`,
    health: `${dir}/health.json`,
    network: `${dir}/network.json`,
    lock: `${dir}/lock`,
    upper: `${dir}/upper`,
    work: `${dir}/work`,
    rootfs: `${dir}/rootfs`,
    hostname: `${dir}/hostname`,
    hosts: `${dir}/hosts`,
    resolvConf: `${dir}/resolv.conf`,
    log: `${dir}/${id}-json.log`,
    runDir,
    monitorLock: `${runDir}/monitor.lock`,
    attachSocket: `${runDir}/attach.sock`,
    plan: `${runDir}/plan`,
    nameFolder: `${runDir}/names`,
    execs: `${runDir}/exec`,
  };
}
