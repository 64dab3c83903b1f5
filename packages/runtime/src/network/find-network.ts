import { TinydError } from '@tinyd/core';
import { defineNetwork } from './bridge';
import { DEFAULT_NETWORK, type Network, readDefinitions } from './definition';
import { networkNotFound } from './network-not-found';

/** All networks of a root; the default one is defined if it was not yet. */
export function allNetworks(root: string): Network[] {
  const known = readDefinitions(root);
  return known.some(network => network.name === DEFAULT_NETWORK) ? known : [defineNetwork(root), ...known];
}

/**
 * Finds a network by full ID, name, or unique prefix of an ID; in this order, as docker does.
 *
 * Fails with ERR_TINYD_NETWORK_NOT_FOUND or ERR_TINYD_NETWORK_AMBIGUOUS.
 */
export function findNetwork(root: string, text: string): Network {
  return pickNetwork(allNetworks(root), text);
}

/** The same among networks that are known; anything that has a name and an ID will do. */
export function pickNetwork<T extends { readonly name: string; readonly id: string }>(
  networks: readonly T[],
  text: string,
): T {
  const exact =
    networks.find(network => network.id === text) ?? networks.find(network => network.name === text);
  if (exact !== undefined) return exact;
  const matches = /^[0-9a-f]+$/.test(text) ? networks.filter(network => network.id.startsWith(text)) : [];
  const [only, ...others] = matches;
  if (only === undefined) throw networkNotFound(text);
  if (others.length === 0) return only;
  const short = matches.map(network => network.id.slice(0, 12)).sort();
  throw new TinydError(
    'ERR_TINYD_NETWORK_AMBIGUOUS',
    `cannot find network ${text}: ${matches.length} IDs begin with it`,
    { hint: `give more of the ID: ${short.join(', ')}`, details: { text, matches: short } },
  );
}
