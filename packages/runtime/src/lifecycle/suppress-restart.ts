import { closeSync, fsyncSync, openSync, unlinkSync } from 'node:fs';
import { signalProcess } from '@tinyd/native';
import { syncFolder, systemCode } from '../atomic-file';
import type { ContainerLayout } from '../layout';
import { stopSignalOf } from '../lowering/session';
import type { ContainerRecord } from '../record';
import type { ContainerView } from '../state/container-state';
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
 * Where a boot goes by the note it outlives a power cut. To be called before the state is looked at on which the stop acts: a
 * monitor that has just decided for another run says `restarting` first and looks for this note then, so that one of the two sees
 * the other.
 */
export function suppressRestart({ paths, record }: Pick<ContainerView, 'paths' | 'record'>): void {
  try {
    const fd = openSync(paths.stopped, 'a', 0o600);
    try {
      if (hasPolicy(record)) fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    if (hasPolicy(record)) syncFolder(paths.dir);
  } catch (error) {
    // Removed meanwhile: nothing is left to be started.
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}

/** Takes the note back, before a start; for good, as {@link suppressRestart} made it. */
export function allowRestart({ paths, record }: Pick<ContainerView, 'paths' | 'record'>): void {
  try {
    unlinkSync(paths.stopped);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw error;
  }
  if (hasPolicy(record)) syncFolder(paths.dir);
}

function hasPolicy({ options }: ContainerRecord): boolean {
  return options.restart !== undefined && options.restart.name !== 'no';
}

/** Wakes the monitor of a container that waits to be started again: told to stop, it ends. False: it is gone. */
export function endWaiting(paths: ContainerLayout): boolean {
  const file = readStateFile(paths.state);
  return file !== undefined && signalProcess(file.monitorPid, BigInt(file.monitorStartTicks), SIGTERM);
}
