import type { Row } from './list';

/** How each field of a row is made from what the row is about. */
export type Fields<Item> = Readonly<Record<string, (item: Item) => unknown>>;

/**
 * Rows whose fields are made when somebody asks: a table shows few of them, and with a thousand containers the others
 * would cost more than reading the containers.
 */
export function lazyRows<Item>(items: readonly Item[], fields: Fields<Item>): Row[] {
  const names = Object.keys(fields);
  const fieldOf = (item: Item, name: string | symbol) =>
    Object.hasOwn(fields, name) ? fields[name as string]?.(item) : undefined;
  const handler: ProxyHandler<{ item: Item }> = {
    get: ({ item }, name) => fieldOf(item, name),
    ownKeys: () => names,
    getOwnPropertyDescriptor: ({ item }, name) =>
      Object.hasOwn(fields, name)
        ? { configurable: true, enumerable: true, get: () => fieldOf(item, name) }
        : undefined,
  };
  return items.map(item => new Proxy({ item }, handler) as unknown as Row);
}
