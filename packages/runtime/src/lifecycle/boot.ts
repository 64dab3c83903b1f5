import { existsSync } from 'node:fs';
import type { RuntimeContext } from '../context';
import type { ContainerLayout } from '../layout';
import { type ContainerView, viewContainers } from '../state/container-state';
import { currentBootId } from '../state/processes';
import { readStateFile } from '../state/state-file';
import { isUp } from '../state/status';
import { startContainer } from './start';

/** What `boot` did with a container. */
export interface BootedContainer {
  readonly id: string;
  readonly name: string;
  /** `left`: a user had stopped it, and its policy is `unless-stopped`. */
  readonly outcome: 'started' | 'left' | 'failed';
  readonly failure?: unknown;
}

/** Starts under way at once. Most of a start is the kernel's work, and locks are waited for. */
const AT_ONCE = 8;

/**
 * Starts the containers whose restart policy wants it after a restart of the host: `always`, and `unless-stopped` if no
 * user had stopped them. Those that have run since the host was started are left alone, so that doing it twice does no
 * harm; those that never ran are not started either. Containers that share the network of another one come last.
 */
export async function bootContainers(
  context: RuntimeContext,
  onDone: (container: BootedContainer) => void,
): Promise<void> {
  const waiting = viewContainers(context)
    .filter(view => !isUp(view.state.status) && isAwaitingBoot(view))
    .reverse();
  const isDependent = ({ record }: ContainerView) => record.options.network.mode === 'container';
  const bootEach = (view: ContainerView) => bootOne(context, view).then(onDone);
  await inParallel(
    waiting.filter(view => !isDependent(view)),
    bootEach,
  );
  await inParallel(waiting.filter(isDependent), bootEach);
}

/** Whether the last run of a container, if there was one, began before the host was last started. */
export function isOfEarlierBoot(paths: ContainerLayout): boolean {
  const file = readStateFile(paths.state);
  return file !== undefined && file.bootId !== currentBootId();
}

/** Whether it is for `boot` to start a container, or to leave it because a user had stopped it. */
export function isAwaitingBoot({ record, paths }: Pick<ContainerView, 'record' | 'paths'>): boolean {
  const policy = record.options.restart?.name;
  return (policy === 'always' || policy === 'unless-stopped') && isOfEarlierBoot(paths);
}

async function bootOne(context: RuntimeContext, { record, paths }: ContainerView): Promise<BootedContainer> {
  const { id, name, options } = record;
  if (options.restart?.name === 'unless-stopped' && existsSync(paths.stopped))
    return { id, name, outcome: 'left' };
  try {
    await startContainer(context, id);
    return { id, name, outcome: 'started' };
  } catch (failure) {
    return { id, name, outcome: 'failed', failure };
  }
}

async function inParallel<T>(items: readonly T[], action: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const work = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await action(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
