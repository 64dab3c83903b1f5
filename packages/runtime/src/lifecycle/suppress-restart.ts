import { closeSync, openSync } from 'node:fs';
import { signalProcess } from '@tinyd/native';
import { systemCode } from '../atomic-file';
import type { ContainerLayout } from '../layout';
import { stopSignalOf } from '../lowering/session';
import type { ContainerRecord } from '../record';
import { readStateFile } from '../state/state-file';

const SIGTERM = 15;

/** INT, QUIT, KILL and TERM: as `restart_is_end_signal` of native/helper/restart.c. */
const END_SIGNALS = [2, 3, 9, SIGTERM];

/** Whether a signal that a user sends asks a container to end, so that its restart policy is not to bring it back. */
export function isEndSignal(record: ContainerRecord, signal: number): boolean {
  return END_SIGNALS.includes(signal) || signal === stopSignalOf(record);
}

/**
 * Notes that a user stops a container: neither its monitor nor a boot starts it again before a user does.
 *
 * To be called before the state is looked at on which the stop acts. A monitor that has just decided for another run
 * says `restarting` first and looks for this note then, so that one of the two sees the other.
 */
export function suppressRestart(paths: ContainerLayout): void {
  try {
    closeSync(openSync(paths.stopped, 'a', 0o600));
  } catch (error) {
    // Removed meanwhile: nothing is left to be started.
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}

/** Wakes the monitor of a container that waits to be started again: told to stop, it ends. False: it is gone. */
export function endWaiting(paths: ContainerLayout): boolean {
  const file = readStateFile(paths.state);
  return file !== undefined && signalProcess(file.monitorPid, BigInt(file.monitorStartTicks), SIGTERM);
}
