import { closeSync, constants, openSync, statfsSync } from 'node:fs';
import { TinydError } from '@tinyd/core';
import { projectQuota, projectQuotaState, setProject, setProjectQuota } from '@tinyd/native';
import { systemCode } from '../atomic-file';
import type { ContainerLayout, RuntimeLayout } from '../layout';
import type { Undo } from '../undo';
import { claimProject, projectOf, releaseProject } from './projects';

/** f_type of statfs(2), and what to do to have project quotas. */
const FILE_SYSTEMS: Readonly<Record<number, { readonly name: string; readonly hint: string }>> = {
  61267: {
    name: 'ext4',
    hint: 'once, while it is not mounted: tune2fs -O project,quota DEVICE; then mount it with -o prjquota',
  },
  1481003842: { name: 'xfs', hint: 'mount it with -o prjquota; the root file system by rootflags=prjquota' },
};
/** What folders and mount points of a start may take. */
const START_SLACK = 1024 * 1024;
const NO_QUOTAS = { name: 'another file system than ext4 or xfs', hint: 'put --root on ext4 or xfs' };

/** How much a container's own layer may hold, and holds. */
export interface WritableQuota {
  readonly limitBytes: number;
  readonly usedBytes: number;
}

/**
 * Refuses a limit that the file system of the root folder would not hold containers to.
 *
 * Fails with ERR_TINYD_QUOTA_UNAVAILABLE, which says how to mount it.
 */
export function checkQuotaSupport(root: string): void {
  withFolder(root, fd => {
    let limits: boolean;
    try {
      ({ limits } = projectQuotaState(fd));
    } catch (cause) {
      throw unavailable(root, `mounted without project quotas (${systemCode(cause)})`, cause);
    }
    if (!limits)
      throw unavailable(root, 'mounted so that it counts what projects take up, and does not limit it');
  });
}

/**
 * Limits what a new container's own layer may take up: its upper and work dirs, still empty, become a project of the file
 * system. What the container's log takes is not counted.
 *
 * Fails with ERR_TINYD_QUOTA_UNAVAILABLE.
 */
export function limitWritableLayer(
  layout: RuntimeLayout,
  paths: ContainerLayout,
  bytes: number,
  undo: Undo,
): void {
  withFolder(layout.root, fd => {
    const project = claimProject(
      layout,
      paths.id,
      number => isUnused(fd, number),
      number => setProjectQuota(fd, number, 0),
    );
    undo.add(() => freeQuota(layout, paths.id));
    try {
      for (const folder of [paths.upper, paths.work]) withFolder(folder, own => setProject(own, project));
      setProjectQuota(fd, project, bytes);
    } catch (cause) {
      throw unavailable(layout.root, `and the kernel refuses it (${systemCode(cause)})`, cause);
    }
  });
}

/**
 * Lets a container whose space is nearly used up have a little more while it starts: the kernel mounts an overlay read-only when
 * it cannot make a folder for it, and then nobody in the container could delete anything. Killed before the end, it
 * leaves the container with that much more until its next start.
 */
export async function withSlack<T>(
  layout: RuntimeLayout,
  id: string,
  bytes: number,
  body: () => Promise<T>,
): Promise<T> {
  const project = projectOf(layout, id);
  const quota = writableQuota(layout, id);
  if (project === undefined || quota === undefined || quota.usedBytes + START_SLACK <= bytes) return body();
  const limit = (size: number) => withFolder(layout.root, fd => setProjectQuota(fd, project, size));
  limit(bytes + START_SLACK);
  try {
    return await body();
  } finally {
    limit(bytes);
  }
}

/** Gives back what a container that is gone had of the file system's projects. Nothing to give back is success. */
export function freeQuota(layout: RuntimeLayout, id: string): void {
  const project = releaseProject(layout, id);
  if (project !== undefined) withFolder(layout.root, fd => setProjectQuota(fd, project, 0));
}

/** A container's limit and what it has taken of it; undefined without one. */
export function writableQuota(layout: RuntimeLayout, id: string): WritableQuota | undefined {
  const project = projectOf(layout, id);
  return project === undefined ? undefined : withFolder(layout.root, fd => projectQuota(fd, project));
}

function isUnused(fd: number, project: number): boolean {
  try {
    const { limitBytes, usedBytes } = projectQuota(fd, project);
    return limitBytes === 0 && usedBytes === 0;
  } catch (error) {
    // xfs keeps nothing of a project that it never saw.
    if (systemCode(error) === 'ENOENT') return true;
    throw error;
  }
}

function withFolder<T>(path: string, use: (fd: number) => T): T {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

function unavailable(root: string, why: string, cause?: unknown): TinydError {
  const { name, hint } = FILE_SYSTEMS[statfsSync(root).type] ?? NO_QUOTAS;
  return new TinydError(
    'ERR_TINYD_QUOTA_UNAVAILABLE',
    `cannot limit a container's disk space by --storage-opt: ${root} is on ${name}, ${why}`,
    { hint, details: { path: root }, ...(cause === undefined ? {} : { cause }) },
  );
}
