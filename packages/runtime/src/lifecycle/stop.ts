import { signalProcess } from '@tinyd/native';
import type { RuntimeContext } from '../context';
import { recordContainer } from '../events/record-container';
import { DEFAULT_STOP_SECONDS, stopSignalOf } from '../lowering/session';
import { parseSignal } from '../spec/signals';
import { requireContainer } from '../state/container-state';
import { isUp } from '../state/status';
import { awaitEnd } from './await-end';
import { SIGKILL, thawFrozen } from './kill';
import { endWaiting, suppressRestart } from './suppress-restart';

/** How a container is stopped. */
export interface StopOptions {
  /** Seconds until SIGKILL; -1: never. Default: the container's --stop-timeout, else 10. */
  readonly timeout?: number;
  /** Default: the container's --stop-signal, else the image's, else SIGTERM. */
  readonly signal?: string;
}

/**
 * Asks a container to end, kills it when the time is up, and returns once its state is final and everything it had
 * was given back; its restart policy does not bring it back. A container that does not run is left alone, which is no error.
 */
export async function stopContainer(
  context: RuntimeContext,
  id: string,
  options: StopOptions = {},
): Promise<void> {
  const { paths, record, state: before } = requireContainer(context, id);
  const signal = options.signal === undefined ? stopSignalOf(record) : parseSignal(options.signal);
  if (!isUp(before.status)) return;
  suppressRestart({ paths, record });
  const view = requireContainer(context, id);
  const { state } = view;
  if (!isUp(state.status)) return;
  const seconds = options.timeout ?? record.options.stopTimeout ?? DEFAULT_STOP_SECONDS;
  const ticks = BigInt(state.startTicks);
  const note = (action: string, own?: Record<string, string>) =>
    recordContainer(context, record, action, own);
  note('kill', { signal: String(signal) });
  if (state.status === 'restarting' || !signalProcess(state.pid, ticks, signal)) {
    endWaiting(paths);
  } else {
    thawFrozen(id);
    const ended = await awaitEnd(context, view, seconds < 0 ? undefined : seconds * 1000);
    if (ended !== 'timeout') return note('stop');
    note('kill', { signal: String(SIGKILL) });
    if (signalProcess(state.pid, ticks, SIGKILL)) thawFrozen(id);
    else endWaiting(paths);
  }
  await awaitEnd(context, view);
  note('stop');
}
