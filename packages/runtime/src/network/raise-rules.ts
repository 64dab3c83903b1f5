import { bridgeIsUp } from './bridge-link';
import { type Network, readDefinition, readDefinitions } from './definition';
import { FORWARDING_NOTE, isForwarding } from './forwarding';
import { isMacvlan } from './macvlan';
import { networkElements } from './nftables/elements';
import { dropElements, elementsStand, firewallStands, raiseFirewall, rulesStand } from './nftables/firewall';
import { type AttachedContainer, type NetworkSettings, settingsElements } from './settings';

/** Whose rules are meant. */
export interface RulesRequest {
  readonly root: string;
  /** The containers of this root that are on networks. */
  readonly running: () => readonly AttachedContainer[];
  /** Given if all that the rules should know of the network is looked at, and what these of its containers publish. */
  readonly members?: readonly AttachedContainer[] | undefined;
}

/** Whether the rules know all of a network, and all that these of its containers publish. */
export function rulesKnow(network: Network, members: readonly AttachedContainer[]): boolean {
  const published = members.flatMap(({ settings }) => settingsElements(settings));
  return elementsStand([...networkElements(network), ...published]);
}

/** Those of the containers that publish something of which the rules know nothing. */
export function unpublished(members: readonly AttachedContainer[]): AttachedContainer[] {
  if (elementsStand(members.flatMap(({ settings }) => settingsElements(settings)))) return [];
  return members.filter(({ settings }) => !elementsStand(settingsElements(settings)));
}

/** The same of all networks on which there are places. */
export function placesKnown(root: string, places: readonly NetworkSettings[]): boolean {
  const names = new Set(places.map(({ network }) => network));
  const networks = [...names].flatMap(name => readDefinition(root, name) ?? []);
  return elementsStand([...networks.flatMap(networkElements), ...places.flatMap(settingsElements)]);
}

/**
 * Writes rules again that somebody removed. Who flushed those of one network flushed those of all: every network that is up comes
 * back at once, with what its containers publish.
 *
 * @returns what was put back, in one line; undefined when nothing was missing under containers that run
 */
export function raiseRules(network: Network, request: RulesRequest): string | undefined {
  const { root, running, members } = request;
  const elements = networkElements(network);
  const stand = rulesStand();
  const isLost = !stand || !firewallStands(elements) || (members !== undefined && !elementsStand(elements));
  if (!isLost && (members === undefined || rulesKnow(network, members))) return undefined;
  const published = running();
  writeRules(root, network, published);
  // The monitor of one that has ended meanwhile may have taken its ports out before they were put back.
  const left = new Set(running().map(({ id }) => id));
  for (const { id, settings } of published) if (!left.has(id)) dropElements(settingsElements(settings));
  if (!isLost)
    return `somebody had removed packet rules for ports of network ${network.name}: wrote them again`;
  const hurt = published.filter(({ settings }) => !stand || settings.networkId === network.id);
  return hurt.length === 0 ? undefined : lossText(hurt);
}

function writeRules(root: string, network: Network, running: readonly AttachedContainer[]): void {
  const others = readDefinitions(root).filter(
    other => other.id !== network.id && !isMacvlan(other) && bridgeIsUp(other),
  );
  const published = running.flatMap(({ settings }) => settingsElements(settings));
  const elements = [...[network, ...others].flatMap(networkElements), ...published];
  raiseFirewall(elements, isForwarding() ? undefined : FORWARDING_NOTE);
}

function lossText(places: readonly AttachedContainer[]): string {
  const names = [
    ...new Set(places.flatMap(({ settings }) => (settings.bridge === '' ? [] : settings.network))),
  ];
  const networks = names.length === 1 ? `network ${names[0]}` : `networks ${names.sort().join(', ')}`;
  const on = names.length === 1 ? 'it' : 'them';
  return `somebody had removed the packet rules of ${networks}: wrote them again, for ${containersText(places)} on ${on}`;
}

/** How many containers have these places. */
export function containersText(places: readonly AttachedContainer[]): string {
  const { size } = new Set(places.map(({ id }) => id));
  return size === 1 ? '1 container that runs' : `${size} containers that run`;
}
