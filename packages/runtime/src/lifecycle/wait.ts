import type { RuntimeContext } from '../context';
import { requireContainer, viewContainer } from '../state/container-state';
import { LOST_EXIT_CODE } from '../state/status';
import { waitForMonitor } from './monitor-lock';

/**
 * Waits until a container does not run, and returns its exit status: at once for one that has ended, and 0 for one
 * that was never started (docker's condition "not-running").
 */
export async function waitForContainer(context: RuntimeContext, id: string): Promise<number> {
  const { paths, state } = requireContainer(context, id);
  if (state.status !== 'running') return state.exitCode;
  await waitForMonitor(paths);
  return viewContainer(context, id)?.state.exitCode ?? LOST_EXIT_CODE;
}
