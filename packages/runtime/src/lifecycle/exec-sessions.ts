import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../atomic-file';
import type { ContainerLayout } from '../layout';
import { readState } from '../state/container-state';

/** IDs of the processes that joined a container and still run; null when there are none, as docker has it. */
export function runningExecs(paths: ContainerLayout): string[] | null {
  const running = execIds(paths).filter(
    id => readState(join(paths.execs, id, 'state.json')).status === 'running',
  );
  return running.length === 0 ? null : running;
}

function execIds(paths: ContainerLayout): string[] {
  try {
    return readdirSync(paths.execs);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}
