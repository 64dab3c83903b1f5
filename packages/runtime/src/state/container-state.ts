import { TinydError } from '@tinyd/core';
import { readEach, startTicksOfEach } from '@tinyd/native';
import type { RuntimeContext } from '../context';
import { containerIds } from '../find';
import { type ContainerLayout, containerLayout } from '../layout';
import { type ContainerRecord, parseRecord, readRecord } from '../record';
import { currentBootId } from './processes';
import { parseStateFile, readStateFile } from './state-file';
import { type ObservedState, observe } from './status';

/** A container as its files and its processes tell at one moment. */
export interface ContainerView {
  readonly paths: ContainerLayout;
  readonly record: ContainerRecord;
  readonly state: ObservedState;
}

/** Reads a container; undefined when it is not there (any more). Takes no lock. */
export function viewContainer(context: RuntimeContext, id: string): ContainerView | undefined {
  const paths = containerLayout(context.layout, id);
  const record = readRecord(paths.record);
  return record === undefined ? undefined : { paths, record, state: readState(paths.state) };
}

/**
 * Tells a state from its file and the processes that live.
 *
 * A monitor that ended between the two looks has recorded the end by then: what seems lost is read once more.
 */
export function readState(path: string): ObservedState {
  const first = observe(readStateFile(path));
  return first.stale ? observe(readStateFile(path)) : first;
}

/** Reads a container that should be there. Fails with ERR_TINYD_CONTAINER_NOT_FOUND. */
export function requireContainer(context: RuntimeContext, id: string): ContainerView {
  const view = viewContainer(context, id);
  if (view !== undefined) return view;
  throw new TinydError(
    'ERR_TINYD_CONTAINER_NOT_FOUND',
    `cannot find container ${id.slice(0, 12)}: it was removed`,
    {
      hint: 'tinyd ps -a lists containers',
      details: { container: id },
    },
  );
}

/**
 * All containers, newest first.
 *
 * @param states if they are known already; a container that is not among them is left out.
 */
export function viewContainers(
  context: RuntimeContext,
  states: ReadonlyMap<string, ObservedState> = readStates(context),
): ContainerView[] {
  const { layout } = context;
  const ids = [...states.keys()];
  if (ids.length === 0) return [];
  const records = readEach(layout.containers, ids, 'container.json');
  return ids
    .flatMap((id, index): ContainerView[] => {
      const [text, state] = [records[index], states.get(id)];
      if (text === undefined || state === undefined) return [];
      const paths = containerLayout(layout, id);
      const record = parseRecord(text, paths.record);
      return record === undefined ? [] : [{ paths, record, state }];
    })
    .sort((a, b) => (a.record.created < b.record.created ? 1 : -1));
}

/**
 * The states of containers by ID, as {@link readState} tells them. One that has no state file counts as created.
 *
 * @param ids all that have a folder by default
 */
export function readStates(
  { layout }: RuntimeContext,
  ids: readonly string[] = containerIds(layout),
): Map<string, ObservedState> {
  if (ids.length === 0) return new Map();
  const texts = readEach(layout.containers, ids, 'state.json');
  const files = ids.map((id, index) => {
    const text = texts[index];
    // Spelt out: all paths of a container, for each of many, would cost as much as to parse its state.
    return text === undefined ? undefined : parseStateFile(text, `${layout.containers}/${id}/state.json`);
  });
  const monitors = files.flatMap(file =>
    // A number that the file makes up may be none of a process.
    file !== undefined && file.status !== 'exited' && (file.monitorPid | 0) === file.monitorPid
      ? [file.monitorPid]
      : [],
  );
  const ticks = startTicksOfEach(monitors);
  const ticksOf = new Map(monitors.map((pid, index) => [pid, ticks[index]]));
  const host = { bootId: currentBootId, startTicksOf: (pid: number) => ticksOf.get(pid) };
  return new Map(
    ids.map((id, index) => {
      const first = observe(files[index], host);
      return [id, first.stale ? readState(containerLayout(layout, id).state) : first];
    }),
  );
}
