import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { TinydError } from '@tinyd/core';
import { systemCode } from '../atomic-file';
import { CGROUP_PARENT, type CgroupHost, detectCgroups } from './hierarchies';

/** How long tasks get to come to rest. One in uninterruptible sleep (a dead NFS server) may never do so. */
const PATIENCE_MS = 10_000;
const PAUSE_MS = 2;
/** A v1 freezer that stays at FREEZING while tasks are forked comes to its goal when asked again. */
const ASK_AGAIN_EVERY = 10;

/** The files by which one cgroup is frozen (cgroup-v1/freezer-subsystem.rst, cgroup-v2.rst). */
interface Freezer {
  readonly control: string;
  readonly freeze: string;
  readonly thaw: string;
  /** What says that all tasks rest. */
  readonly status: string;
  readonly rests: RegExp;
}

let thisHost: CgroupHost | undefined;

/**
 * Whether a container's cgroup is frozen, or on the way to it; false for a container without one. Reads one small file.
 *
 * @param host this host by default, looked at once a process.
 */
export function isFrozen(id: string, host: CgroupHost = ownHost()): boolean {
  const freezer = freezerOf(id, host);
  if (freezer === undefined) return false;
  try {
    return /^(FR|1)/.test(readFileSync(freezer.control, 'latin1'));
  } catch (error) {
    // It ended: ENODEV is what an open file of a removed cgroup gives.
    if (['ENOENT', 'ENODEV'].includes(systemCode(error) ?? '')) return false;
    throw error;
  }
}

/**
 * Freezes all processes of a container and waits until they rest. One that cannot be frozen is left running.
 *
 * @throws ERR_TINYD_CGROUP_UNAVAILABLE where there is no freezer; ERR_TINYD_SYSTEM when tasks do not come to rest.
 */
export async function freeze(id: string, host: CgroupHost = ownHost()): Promise<void> {
  const freezer = freezerOf(id, host);
  if (freezer === undefined || !existsSync(freezer.control)) {
    throw new TinydError(
      'ERR_TINYD_CGROUP_UNAVAILABLE',
      `cannot freeze container ${id.slice(0, 12)}: it has no freezer`,
      {
        hint: 'mount the freezer controller, and start the container again',
        details: { container: id, controller: 'freezer' },
      },
    );
  }
  const deadline = Date.now() + PATIENCE_MS;
  for (let round = 0; Date.now() < deadline; round++) {
    if (round % ASK_AGAIN_EVERY === 0) writeFileSync(freezer.control, freezer.freeze);
    if (freezer.rests.test(readFileSync(freezer.status, 'latin1'))) return;
    await sleep(PAUSE_MS);
  }
  writeFileSync(freezer.control, freezer.thaw);
  throw new TinydError(
    'ERR_TINYD_SYSTEM',
    `cannot freeze container ${id.slice(0, 12)}: a process does not come to rest`,
    {
      hint: 'see what it waits for in /proc/PID/stack; the container runs on',
      details: { container: id },
    },
  );
}

/** Lets all processes of a container run on. A container without a freezer is not frozen, which is success. */
export function thaw(id: string, host: CgroupHost = ownHost()): void {
  const to = thawing(id, host);
  if (to !== undefined) writeFileSync(to.file, to.word);
}

/** The file that lets all processes of a container run on, and what to write to it; undefined for one without a freezer. */
export function thawing(
  id: string,
  host: CgroupHost = ownHost(),
): { readonly file: string; readonly word: string } | undefined {
  const freezer = freezerOf(id, host);
  if (freezer === undefined || !existsSync(freezer.control)) return undefined;
  return { file: freezer.control, word: freezer.thaw };
}

function freezerOf(id: string, host: CgroupHost): Freezer | undefined {
  const home = host.home.get('freezer');
  if (home === undefined) return undefined;
  if (home !== 'v2') {
    const control = `${home.mount}${CGROUP_PARENT}/${id}/freezer.state`;
    return { control, freeze: 'FROZEN', thaw: 'THAWED', status: control, rests: /^FROZEN/ };
  }
  const folder = `${host.v2?.mount}${CGROUP_PARENT}/${id}`;
  const status = `${folder}/cgroup.events`;
  return { control: `${folder}/cgroup.freeze`, freeze: '1', thaw: '0', status, rests: /^frozen 1$/m };
}

function ownHost(): CgroupHost {
  thisHost ??= detectCgroups();
  return thisHost;
}
