import { closeSync, openSync } from 'node:fs';
import { memoryFile, readReport, socketPair, spawnHelper } from '@tinyd/native';
import { encodePlan } from '../plan/encode';
import type { HelperReport, Plan } from '../plan/plan';
import { decodeReport } from '../plan/report';

/** How the helper is told to execute the plan on descriptor 3. */
const MONITOR_ARGUMENTS = ['tinyd-init', 'monitor'];

/**
 * Hands a plan to a new helper and waits until it has started the process or given up.
 *
 * @param client descriptor of the first attach client's end that the monitor is to have; closed in every case.
 * Fails with ERR_TINYD_START_FAILED when the helper dies without a report; a report of failure is returned, not thrown.
 */
export function launchHelper(plan: Plan, client: number | undefined): HelperReport {
  const open: number[] = client === undefined ? [] : [client];
  const owned = (fd: number) => {
    open.push(fd);
    return fd;
  };
  let reportFd: number | undefined;
  try {
    const nothing = owned(openSync('/dev/null', 'r+'));
    const planFd = owned(memoryFile('plan', encodePlan(plan)));
    const [ours, theirs] = socketPair();
    reportFd = ours;
    owned(theirs);
    spawnHelper({
      argv: MONITOR_ARGUMENTS,
      env: [],
      fds: [nothing, nothing, nothing, planFd, theirs, client ?? -1],
    });
    // The report ends when the last copy of its writing end is closed: ours must not be it.
    for (const fd of open.splice(0)) closeSync(fd);
    return decodeReport(readReport(reportFd));
  } finally {
    for (const fd of open) closeSync(fd);
    if (reportFd !== undefined) closeSync(reportFd);
  }
}
