import type { TakenPlace } from './place';

/**
 * Where a container's packets for everywhere else go: of the networks that lead out, the one with the highest priority, of
 * several the first by name, as docker has it. Undefined when none leads out.
 */
export function gatewayOf(places: readonly TakenPlace[]): TakenPlace | undefined {
  return places
    .filter(({ network }) => !network.internal)
    .toSorted((a, b) => b.gwPriority - a.gwPriority || (a.network.name < b.network.name ? -1 : 1))[0];
}

/** The same for IPv6. */
export function gatewayOf6(places: readonly TakenPlace[]): TakenPlace | undefined {
  return gatewayOf(places.filter(({ address6 }) => address6 !== undefined));
}
