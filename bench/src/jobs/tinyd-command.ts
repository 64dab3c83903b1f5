import type { Store } from '../engines/engine';
import type { Command } from '../measure/meter';

/** A command of tinyd on a store of its own, for what no other engine is compared with. */
export function tinydCommand(store: Store, ...argv: readonly string[]): Command {
  const { argv: version, env } = store.containers?.query('version') ?? { argv: [], env: {} };
  return { argv: [version[0] ?? '', ...argv], env };
}
