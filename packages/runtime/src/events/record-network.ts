import type { RuntimeContext } from '../context';
import { recordEvents } from './journal';

/** Records that something happened to a network; `container`: the ID of the one that was put on it, or taken off. */
export function recordNetwork(
  context: RuntimeContext,
  { id, name }: { readonly id: string; readonly name: string },
  action: 'create' | 'destroy' | 'connect' | 'disconnect',
  container?: string,
): void {
  const attributes = { ...(container === undefined ? {} : { container }), name, type: 'bridge' };
  recordEvents(context.layout, [{ type: 'network', action, id, attributes }]);
}
