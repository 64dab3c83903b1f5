import type { NetworkPlan } from '../plan/network';
import { deleteLink } from './netlink/link';
import type { SetElement } from './nftables/elements';
import { addToFirewall, dropElements } from './nftables/firewall';
import { placeOf, type TakenPlace } from './place';
import { defaultRoutes, type PlaceRoles } from './plan-places';
import { isIpv6Port, type NetworkSettings, type PublishedPort, settingsElements } from './settings';
import { containerLinkName, containerMessages, containerSysctls, hostMessages } from './veth';

/** What is sent on both sides of a running container's network namespace. */
export type LiveChange = Pick<NetworkPlan, 'hostBatch' | 'containerBatch' | 'sysctls'>;

/** The first number that no interface of a container has. */
export function freeSlot(settings: readonly NetworkSettings[]): number {
  const taken = new Set(settings.map(({ slot = 0 }) => slot));
  let slot = 0;
  while (taken.has(slot)) slot++;
  return slot;
}

/** Connects a running container to one more place, which may become its way out. */
export function connectionMessages(
  place: TakenPlace,
  roles: Pick<PlaceRoles, 'gateway' | 'gateway6'>,
): LiveChange {
  const routes = defaultRoutes({
    gateway: roles.gateway === place ? place : undefined,
    gateway6: roles.gateway6 === place ? place : undefined,
  });
  return {
    hostBatch: hostMessages(place),
    containerBatch: Buffer.concat([containerMessages(place), routes]),
    sysctls: containerSysctls(place),
  };
}

/** Takes an interface that has no end in the host out of a running container, and gives that other ways out. */
export function removalMessages(
  { slot = 0 }: NetworkSettings,
  roles: Pick<PlaceRoles, 'gateway' | 'gateway6'>,
): LiveChange {
  const { containerBatch, ...none } = routeMessages(roles);
  return { ...none, containerBatch: Buffer.concat([deleteLink(containerLinkName(slot)), containerBatch]) };
}

/** Gives a running container other ways out, in the place of ones that are gone. */
export function routeMessages(roles: Pick<PlaceRoles, 'gateway' | 'gateway6'>): LiveChange {
  return { hostBatch: new Uint8Array(0), containerBatch: defaultRoutes(roles), sysctls: [] };
}

/** The sysctls of one interface of a container. */
export function placeSysctls(root: string, settings: NetworkSettings): NetworkPlan['sysctls'] {
  return containerSysctls(placeOf(root, settings));
}

/** Of published ports those that a way out can take over: none without one, and of IPv6 only where it has that. */
export function portsFor(
  gateway: TakenPlace | undefined,
  ports: readonly PublishedPort[],
): readonly PublishedPort[] {
  if (gateway === undefined) return [];
  return ports.filter(port => !isIpv6Port(port) || gateway.address6 !== undefined);
}

/** Leads the ports of settings to their container. */
export function addPorts(settings: NetworkSettings): void {
  addToFirewall(settingsElements(settings));
}

/** Leads the ports of settings nowhere any more. */
export function dropPorts(settings: NetworkSettings): void {
  dropElements(settingsElements(settings));
}

/** Leads published ports to where a container has come to be. */
export function movePorts(before: readonly NetworkSettings[], after: readonly NetworkSettings[]): void {
  const elements = before.flatMap(settingsElements);
  if (sameElements(elements, after.flatMap(settingsElements))) return;
  dropElements(elements);
  addToFirewall(after.flatMap(settingsElements));
}

function sameElements(a: readonly SetElement[], b: readonly SetElement[]): boolean {
  return (
    a.length === b.length &&
    a.every(
      (element, index) => element.value !== undefined && b[index]?.value?.equals(element.value) === true,
    )
  );
}
