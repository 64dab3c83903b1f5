import { signalProcess } from '@tinyd/native';
import type { RuntimeContext } from '../context';
import { DEFAULT_STOP_SECONDS, stopSignalOf } from '../lowering/session';
import { parseSignal } from '../spec/signals';
import { requireContainer } from '../state/container-state';
import { awaitEnd } from './await-end';
import { SIGKILL, thawFrozen } from './kill';

/** How a container is stopped. */
export interface StopOptions {
  /** Seconds until SIGKILL; -1: never. Default: the container's --stop-timeout, else 10. */
  readonly timeout?: number;
  /** Default: the container's --stop-signal, else the image's, else SIGTERM. */
  readonly signal?: string;
}

/**
 * Asks a container to end, kills it when the time is up, and returns once its state is final and everything it had
 * was given back. A container that does not run is left alone, which is no error.
 */
export async function stopContainer(
  context: RuntimeContext,
  id: string,
  options: StopOptions = {},
): Promise<void> {
  const view = requireContainer(context, id);
  const { record, state } = view;
  const signal = options.signal === undefined ? stopSignalOf(record) : parseSignal(options.signal);
  if (state.status !== 'running') return;
  const seconds = options.timeout ?? record.options.stopTimeout ?? DEFAULT_STOP_SECONDS;
  const ticks = BigInt(state.startTicks);
  if (signalProcess(state.pid, ticks, signal)) {
    thawFrozen(id);
    const ended = await awaitEnd(context, view, seconds < 0 ? undefined : seconds * 1000);
    if (ended !== 'timeout') return;
    if (signalProcess(state.pid, ticks, SIGKILL)) thawFrozen(id);
  }
  await awaitEnd(context, view);
}
