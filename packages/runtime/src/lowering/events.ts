import { containerAttributes, oldMembers } from '../events/event';
import { journalPath } from '../events/journal';
import type { RuntimeLayout } from '../layout';
import type { Plan } from '../plan/plan';
import type { ContainerRecord } from '../record';

/** What the monitor writes of a container's events; `own`: what those of one process of it say besides. */
export function lowerEvents(
  layout: RuntimeLayout,
  record: ContainerRecord,
  own: Readonly<Record<string, string>> = {},
): Pick<Plan, 'events'> {
  const attributes = { ...containerAttributes(record), ...own };
  return {
    events: {
      journal: journalPath(layout),
      head: oldMembers(record.id, attributes),
      actor: record.id,
      attributes: JSON.stringify(attributes).slice(1, -1),
    },
  };
}
