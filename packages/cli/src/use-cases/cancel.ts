import { TinydError } from '@tinyd/core';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs something that a signal can cancel. The second signal ends the process at once.
 *
 * Fails with ERR_TINYD_CANCELLED when a signal came, whatever error the cancelling caused.
 */
export async function cancelOnSignal<T>(
  what: string,
  action: (signal: AbortSignal) => Promise<T>,
  hint = 'what has arrived is kept: the same command goes on from there',
): Promise<T> {
  const controller = new AbortController();
  const cancelled = new TinydError('ERR_TINYD_CANCELLED', `${what} was cancelled`, {
    hint,
  });
  const abort = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(cancelled);
  };
  for (const name of SIGNALS) process.on(name, abort);
  try {
    return await action(controller.signal);
  } catch (error) {
    throw controller.signal.aborted ? cancelled : error;
  } finally {
    for (const name of SIGNALS) process.off(name, abort);
  }
}
