import { closeSync, openSync, writeSync } from 'node:fs';
import { socketPair, spawnHelper } from '@tinyd/native';
import { freeze, thaw, thawing } from '../cgroup/freezer';

/**
 * Runs `action` while a container's processes are frozen. They run on afterwards, also when this process is killed: a helper
 * waits for that. Fails like {@link freeze}.
 */
export async function frozen<T>(id: string, action: () => Promise<T>): Promise<T> {
  const dismiss = startGuard(id);
  try {
    await freeze(id);
    return await action();
  } finally {
    thaw(id);
    dismiss();
  }
}

/** Starts the helper that thaws the container when this process ends; returns what sends it away. */
function startGuard(id: string): () => void {
  const to = thawing(id);
  if (to === undefined) return () => {};
  const [ours, theirs] = socketPair();
  const nothing = openSync('/dev/null', 'r+');
  const freezer = openSync(to.file, 'w');
  try {
    spawnHelper({
      argv: ['tinyd-init', 'thaw', to.word],
      env: [],
      fds: [nothing, nothing, nothing, theirs, freezer],
    });
  } catch (error) {
    closeSync(ours);
    throw error;
  } finally {
    for (const fd of [theirs, nothing, freezer]) closeSync(fd);
  }
  return () => {
    try {
      writeSync(ours, 'x');
    } catch {
      // It was killed itself: nobody is left who would thaw a container that a user pauses later.
    } finally {
      closeSync(ours);
    }
  };
}
