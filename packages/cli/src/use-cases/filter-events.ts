import type { EventDocument } from '@tinyd/runtime';
import { matches, matchesLabels, parseFilters } from '../flags/filters';

const KEYS = ['container', 'event', 'image', 'label', 'network', 'scope', 'type', 'volume'];

/** Events whose words behind the colon a filter may leave out. */
const WITH_WORDS = ['health_status', 'exec_create', 'exec_start'];

/** Reads `--filter` by docker's rules: alternatives within a key, all keys together. Fails with ERR_TINYD_OPTION_INVALID. */
export function eventFilter(entries: readonly string[]): (event: EventDocument) => boolean {
  const filters = parseFilters(entries, KEYS);
  const isOpen = (filters.get('event') ?? []).some(value => WITH_WORDS.includes(value));
  return ({ Type, Action, Actor, scope }) => {
    const { ID, Attributes } = Actor;
    const names = (type: string) => (Type === type ? [ID, Attributes.name ?? ''] : [Attributes[type] ?? '']);
    const isOf = (type: string) =>
      matches(filters, type, value => names(type).some(name => name.startsWith(value)));
    const image = Type === 'image' ? [ID, Attributes.name ?? ''] : [Attributes.image ?? ''];
    return (
      matches(filters, 'type', value => value === Type) &&
      matches(filters, 'scope', value => value === scope) &&
      matches(filters, 'event', value => value === Action || (isOpen && Action.startsWith(value))) &&
      isOf('container') &&
      isOf('network') &&
      isOf('volume') &&
      matches(filters, 'image', value => image.some(name => name === value || withoutTag(name) === value)) &&
      matchesLabels(filters, Attributes)
    );
  };
}

function withoutTag(name: string): string {
  return name.replace(/:[\w][\w.-]{0,127}$/, '');
}
