import { TinydError } from '@tinyd/core';
import type { RuntimeContext } from '../context';
import { containerIds } from '../find';
import { type ContainerLayout, containerLayout } from '../layout';
import { type ContainerRecord, readRecord } from '../record';
import { readStateFile } from './state-file';
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
  throw new TinydError('ERR_TINYD_CONTAINER_NOT_FOUND', `find container ${id.slice(0, 12)}: it was removed`, {
    hint: 'tinyd ps -a lists containers',
    details: { container: id },
  });
}

/** All containers, newest first. */
export function viewContainers(context: RuntimeContext): ContainerView[] {
  return containerIds(context.layout)
    .flatMap(id => viewContainer(context, id) ?? [])
    .sort((a, b) => (a.record.created < b.record.created ? 1 : -1));
}
