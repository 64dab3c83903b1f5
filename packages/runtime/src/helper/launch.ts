import { closeSync, openSync } from 'node:fs';
import { memoryFile, readReport, socketPair, spawnHelper } from '@tinyd/native';
import type { AttachClient, AttachOptions } from '../attach-client';
import type { HelperReport } from '../plan/report';
import { decodeReport } from '../plan/report';

/** How the helper is told to execute the plan on descriptor 3. */
const MONITOR_ARGUMENTS = ['tinyd-init', 'monitor'];

/** What a helper said, and the client that is connected to its monitor. */
export interface Launched {
  readonly report: HelperReport;
  /** Only after a successful start, and if one was asked for. */
  readonly client?: AttachClient;
}

/**
 * Hands an encoded plan to a new helper and waits until it has started the process or given up.
 *
 * Fails with ERR_TINYD_START_FAILED when the helper dies without a report; a report of failure is returned, not thrown.
 */
export function launchHelper(plan: Uint8Array, attach: AttachOptions | undefined): Launched {
  const [ourClient, theirClient] = attach === undefined ? [-1, -1] : socketPair();
  try {
    const report = decodeReport(spawn(plan, theirClient));
    if (attach === undefined) return { report };
    if (report.stage === 'started')
      return { report, client: { fd: ourClient, options: attach, redraw: false } };
    closeSync(ourClient);
    return { report };
  } catch (error) {
    if (ourClient !== -1) closeSync(ourClient);
    throw error;
  }
}

/** Starts the helper; closes `client` and returns the report's bytes. */
function spawn(plan: Uint8Array, client: number): Buffer {
  const handed: number[] = client === -1 ? [] : [client];
  const owned = (fd: number) => {
    handed.push(fd);
    return fd;
  };
  let reportFd: number | undefined;
  try {
    const nothing = owned(openSync('/dev/null', 'r+'));
    const planFd = owned(memoryFile('plan', plan));
    const [ours, theirs] = socketPair();
    reportFd = ours;
    owned(theirs);
    spawnHelper({
      argv: MONITOR_ARGUMENTS,
      env: [],
      fds: [nothing, nothing, nothing, planFd, theirs, client],
    });
    // The report ends when the last copy of its writing end is closed: ours must not be it.
    for (const fd of handed.splice(0)) closeSync(fd);
    return readReport(reportFd);
  } finally {
    for (const fd of handed) closeSync(fd);
    if (reportFd !== undefined) closeSync(reportFd);
  }
}
