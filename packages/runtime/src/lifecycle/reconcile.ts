import { existsSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { isTinydError } from '@tinyd/core';
import { systemCode } from '../atomic-file';
import { withContainerLock } from '../container-lock';
import type { RuntimeContext } from '../context';
import { containerLayout, REMOVING_PREFIX } from '../layout';
import { sweepStaleHalves } from '../names';
import { type ContainerRecord, readRecord } from '../record';
import { type ContainerView, readState, readStates, requireContainer } from '../state/container-state';
import type { ObservedState } from '../state/status';
import { sweepUnattachedVolumes } from '../volumes/attach-volumes';
import { sweepHalfVolumes } from '../volumes/make-volume';
import { isAwaitingBoot, isOfEarlierBoot } from './boot';
import { identifyRecords, type RecordIdentities } from './description-cache';
import { monitorLives } from './monitor-lock';
import { removeLocked } from './remove';
import { repairContainer, tearDown } from './repair';
import { removeRunFolder } from './run-folder';
import { startContainer } from './start';
import { suppressRestart } from './suppress-restart';

/** All containers as they are. */
export interface SettledStates {
  readonly states: Map<string, ObservedState>;
  /** Of those whose record had to be looked at. */
  readonly records: RecordIdentities;
}

/**
 * Finishes what killed monitors, or a restart of the host, left undone: what containers held is given back, their end is
 * recorded, `--rm` ones are removed, also where the removal had begun.
 *
 * Cheap enough to come before every create: it reads one small file of each container that runs, and no more than a
 * second one of the others.
 *
 * @returns what was found or put right, for whoever lists containers next.
 */
export async function settleLostContainers(context: RuntimeContext): Promise<SettledStates> {
  const runs = runFolders(context);
  const states = readStates(context);
  const records = identifyCreated(context, states);
  for (const [id, state] of states) {
    if (state.stale) await settle(context, id);
    else if (records.has(id) && records.get(id) === undefined) await discardHalf(context, id);
    else if (state.status === 'exited' && runs.has(id)) await finishRemoval(context, id);
    else continue;
    states.set(id, readState(containerLayout(context.layout, id).state));
  }
  removeOrphanedRuns(context, runs, states);
  return { states, records };
}

/** The same for one container. `toEnd`: as if a user had stopped it, so that its restart policy does not bring it back. */
export async function settleIfLost(context: RuntimeContext, id: string, toEnd: boolean): Promise<void> {
  const paths = containerLayout(context.layout, id);
  if (!readState(paths.state).stale) return;
  const record = toEnd ? readRecord(paths.record) : undefined;
  if (record !== undefined) suppressRestart({ paths, record });
  await settle(context, id);
}

/** Looks at the records of containers that seem never to have been started: their states do not tell whether they are there. */
function identifyCreated(
  { layout }: RuntimeContext,
  states: ReadonlyMap<string, ObservedState>,
): RecordIdentities {
  const created = [...states].flatMap(([id, { status }]) => (status === 'created' ? [id] : []));
  return identifyRecords(layout, created);
}

function runFolders({ layout }: RuntimeContext): Set<string> {
  return new Set(existsSync(layout.runs) ? readdirSync(layout.runs) : []);
}

/** The same, and containers that were never complete or not completely removed are swept away. */
export async function reconcileContainers(context: RuntimeContext): Promise<void> {
  await settleLostContainers(context);
  await sweepUnattachedVolumes(context);
  await sweepStaleHalves(context.layout);
  await sweepHalfVolumes(context.layout);
}

async function finishRemoval(context: RuntimeContext, id: string): Promise<void> {
  const record = readRecord(containerLayout(context.layout, id).record);
  if (record === undefined) await discardHalf(context, id);
  else if (record.options.autoRemove) await settle(context, id);
}

/** Run folders are the last thing that goes of a `--rm` container. `runs`: listed before the states. */
function removeOrphanedRuns(
  { layout }: RuntimeContext,
  runs: ReadonlySet<string>,
  states: ReadonlyMap<string, ObservedState>,
): void {
  for (const id of runs) {
    if (states.get(id)?.status === 'running') continue;
    const paths = containerLayout(layout, id);
    if (existsSync(paths.dir) || monitorLives(paths)) continue;
    removeRunFolder(paths);
  }
}

async function settle(context: RuntimeContext, id: string): Promise<void> {
  try {
    const lost = await withContainerLock(containerLayout(context.layout, id), async () => {
      const before = requireContainer(context, id);
      const view = await repairContainer(context, before);
      if (view.record.options.autoRemove && view.state.status === 'exited') await removeLocked(context, view);
      return before.state.stale ? view : undefined;
    });
    if (lost !== undefined) await bringBack(context, lost);
  } catch (error) {
    // Its own monitor, or another command, has removed it meanwhile.
    if (!isTinydError(error) || error.code !== 'ERR_TINYD_CONTAINER_NOT_FOUND') throw error;
  }
}

/** Does what the restart policy asks for when a monitor was killed; after a restart of the host that is for `boot`. */
async function bringBack(context: RuntimeContext, { record, state, paths }: ContainerView): Promise<void> {
  const { id, name } = record;
  const awaitsBoot = isAwaitingBoot({ record, paths });
  const settled = { id, name, reason: state.error, awaitsBoot };
  if (awaitsBoot || isOfEarlierBoot(paths) || !isDue(record, state.exitCode) || existsSync(paths.stopped)) {
    return context.onSettled?.({ ...settled, restarted: false });
  }
  try {
    await startContainer(context, id);
    context.onSettled?.({ ...settled, restarted: true });
  } catch (failure) {
    context.onSettled?.({ ...settled, restarted: true, failure });
  }
}

function isDue({ options }: ContainerRecord, exitCode: number): boolean {
  const { name = 'no' } = options.restart ?? {};
  return name === 'on-failure' ? exitCode !== 0 : name !== 'no';
}

/** A folder without a record is what a monitor left of a `--rm` container when it was killed while deleting. */
async function discardHalf(context: RuntimeContext, id: string): Promise<void> {
  const paths = containerLayout(context.layout, id);
  if (monitorLives(paths)) return;
  await tearDown(context, paths);
  removeRunFolder(paths);
  try {
    renameSync(paths.dir, join(context.layout.containers, REMOVING_PREFIX + id));
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}
