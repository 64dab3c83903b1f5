import { signalProcess } from '@tinyd/native';
import { systemCode } from '../atomic-file';
import { isFrozen, thaw } from '../cgroup/freezer';
import type { RuntimeContext } from '../context';
import { recordContainer } from '../events/record-container';
import type { ContainerLayout } from '../layout';
import { stopSignalOf } from '../lowering/session';
import { parseSignal } from '../spec/signals';
import { requireContainer } from '../state/container-state';
import { readStateFile } from '../state/state-file';
import { isUp, STATUS_RULES, wrongState } from '../state/status';
import { endWaiting, isEndSignal, suppressRestart } from './suppress-restart';

/** SIGKILL: it reaches a frozen process only once that is thawed. */
export const SIGKILL = 9;

/**
 * Signals a container's first process. Takes no lock, so that it works while a start or a stop is under way. A paused
 * container runs on after a signal that is to end it: SIGKILL, or its own stop signal. After a signal that asks for the
 * end its restart policy does not bring it back; one that waits to be started again ends.
 *
 * Fails with ERR_TINYD_CONTAINER_STATE when nothing runs, ERR_TINYD_OPTION_INVALID for an unknown signal.
 */
export function killContainer(context: RuntimeContext, id: string, signal: string = 'KILL'): void {
  const number = parseSignal(signal);
  const { paths, record, state: before } = requireContainer(context, id);
  const isForGood = isUp(before.status) && isEndSignal(record, number);
  if (isForGood) suppressRestart({ paths, record });
  const { state } = isForGood ? requireContainer(context, id) : { state: before };
  const note = () => recordContainer(context, record, 'kill', { signal: String(number) });
  if (isForGood && state.status === 'restarting') {
    endWaiting(paths);
    note();
    return;
  }
  if (!STATUS_RULES[state.status].hasProcess) throw wrongState('kill', record.name, state.status);
  // Gone between the look and the signal: the wish is fulfilled for SIGKILL, and for others nothing is left to ask.
  if (!signalProcess(state.pid, BigInt(state.startTicks), number)) {
    throw wrongState('kill', record.name, 'exited');
  }
  if (number === SIGKILL || number === stopSignalOf(record)) thawFrozen(id);
  note();
}

/** Kills the process of a container whose monitor died and did not take it along. */
export function killLeftovers(paths: ContainerLayout): void {
  const file = readStateFile(paths.state);
  if (file?.status !== 'running') return;
  if (signalProcess(file.pid, BigInt(file.startTicks), SIGKILL)) thawFrozen(paths.id);
}

/**
 * Lets a frozen container run on, so that a SIGKILL sent before can end it. One that is not frozen, or that ends at
 * this moment, needs nothing.
 */
export function thawFrozen(id: string): void {
  try {
    if (isFrozen(id)) thaw(id);
  } catch (error) {
    // What a file of a cgroup gives that is being removed.
    if (!['ENOENT', 'ENODEV'].includes(systemCode(error) ?? '')) throw error;
  }
}
