import type { SettledContainer } from '@tinyd/runtime';
import { writeErr } from '../output';
import { asTinydError } from '../present/error';
import { oneLine } from '../present/strip-controls';

/** Says that a container was found ended without its monitor, and what was done about it. */
export function reportSettled({ name, reason, restarted, awaitsBoot, failure }: SettledContainer): void {
  const done =
    failure !== undefined
      ? `could not be started again: ${oneLine(asTinydError(failure).message)}`
      : restarted
        ? 'started it again, as its restart policy says'
        : `recorded its end and gave back what it held${awaitsBoot ? '; tinyd boot starts it again' : ''}`;
  writeErr(`tinyd: container ${name}: ${reason}; ${done}\n`);
}
