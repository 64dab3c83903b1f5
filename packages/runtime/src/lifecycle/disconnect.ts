import { TinydError } from '@tinyd/core';
import { withContainerLock } from '../container-lock';
import type { RuntimeContext } from '../context';
import { recordNetwork } from '../events/record-network';
import {
  allNetworks,
  endpointsOf,
  gatewayOf,
  gatewayOf6,
  movePorts,
  type NetworkSettings,
  pickNetwork,
  placeOf,
  planPlaces,
  portsFor,
  releaseNetwork,
  removalMessages,
  routeMessages,
} from '../network';
import type { ContainerRecord } from '../record';
import { type ContainerView, requireContainer } from '../state/container-state';
import { isUp } from '../state/status';
import { Undo } from '../undo';
import { replaceEndpoints } from './connect';
import { holdPorts } from './held-ports';
import { changeLiveNetwork, commitLiveNetwork } from './live-network';
import { withdrawNames } from './name-service';
import { readNetworkSettings } from './network-settings';

/** How a container is taken off a network. */
export interface DisconnectOptions {
  /** One that is not on the network is no error. */
  readonly force?: boolean;
}

/**
 * Takes a container off a network, at once if it runs, and for every later start. What it publishes there moves to the
 * network that is its way out then.
 *
 * Fails with ERR_TINYD_NETWORK_NOT_FOUND, or ERR_TINYD_OPTION_INVALID when it is not on the network.
 */
export async function disconnectContainer(
  context: RuntimeContext,
  id: string,
  network: string,
  options: DisconnectOptions = {},
): Promise<void> {
  const { paths } = requireContainer(context, id);
  await withContainerLock(paths, async () => {
    const view = requireContainer(context, id);
    const { record, state } = view;
    const endpoints = endpointsOf(record.options);
    const name = nameOf(context, record, network);
    const others = endpoints.filter(endpoint => endpoint.network !== name);
    if (others.length === endpoints.length) {
      if (options.force === true) return;
      throw notConnected(record, name);
    }
    // Before anything of it goes: what is left half done is completed by the next try, or by the next start.
    replaceEndpoints(view, others);
    if (isUp(state.status)) await disconnectLive(context, view, name);
    const left = allNetworks(context.layout.root).find(each => each.name === name);
    if (left !== undefined) recordNetwork(context, left, 'disconnect', id);
  });
}

/** A network that was removed while the container did not run has only the name that its record knows. */
function nameOf({ layout }: RuntimeContext, { options }: ContainerRecord, text: string): string {
  if (endpointsOf(options).some(endpoint => endpoint.network === text)) return text;
  return text === 'host' || text === 'none' ? text : pickNetwork(allNetworks(layout.root), text).name;
}

function notConnected({ name, options }: ContainerRecord, network: string): TinydError {
  const why =
    options.network.mode === 'host' && network === 'host'
      ? 'host mode can only be chosen when a container is created'
      : 'it is not on that network';
  return new TinydError(
    'ERR_TINYD_OPTION_INVALID',
    `cannot disconnect container ${name} from network ${network}: ${why}`,
    { hint: 'tinyd inspect shows the networks of a container', details: { container: name, network } },
  );
}

async function disconnectLive(context: RuntimeContext, view: ContainerView, network: string): Promise<void> {
  const { root } = context.layout;
  const before = readNetworkSettings(view.paths);
  const removed = before.find(settings => settings.network === network);
  if (removed === undefined) return;
  const left = before.filter(settings => settings !== removed);
  const places = left.map(settings => placeOf(root, settings));
  const indexOf = (claim: (settings: NetworkSettings) => boolean | undefined) => left.findIndex(claim);
  const gateway = places[indexOf(({ isGateway }) => isGateway)] ?? gatewayOf(places);
  const gateway6 = places[indexOf(({ isGateway6 }) => isGateway6)] ?? gatewayOf6(places);
  const published = before.flatMap(settings => settings.ports);
  const ports = portsFor(gateway, published);
  const attachment = planPlaces(root, places, { gateway, gateway6, ports });
  commitLiveNetwork(context, view, attachment, new Undo());
  withdrawNames(context.layout, view.record.id, [removed]);
  movePorts(before, attachment.settings);
  releaseNetwork(root, { ...removed, ports: [] });
  // Whoever wants them may have them.
  if (ports.length < published.length) await holdPorts(context, view, ports);
  const newRoles = {
    gateway: removed.isGateway === true ? gateway : undefined,
    gateway6: removed.isGateway6 === true ? gateway6 : undefined,
  };
  const change = removed.hostVeth === '' ? removalMessages(removed, newRoles) : routeMessages(newRoles);
  if (view.state.status === 'running' && change.containerBatch.length > 0)
    changeLiveNetwork(view, 'disconnect', change);
}
