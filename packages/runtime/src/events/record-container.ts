import type { RuntimeContext } from '../context';
import type { ContainerRecord } from '../record';
import { containerAttributes, type EventNote } from './event';
import { recordEvents } from './journal';

/** An event of a container; `own`: what it says besides. */
export function containerEvent(
  record: ContainerRecord,
  action: string,
  own: Readonly<Record<string, string>> = {},
): EventNote {
  return { type: 'container', action, id: record.id, attributes: { ...containerAttributes(record), ...own } };
}

/** Records that something happened to a container. */
export function recordContainer(
  context: RuntimeContext,
  record: ContainerRecord,
  action: string,
  own: Readonly<Record<string, string>> = {},
): void {
  recordEvents(context.layout, [containerEvent(record, action, own)]);
}
