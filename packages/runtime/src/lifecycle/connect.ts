import { TinydError } from '@tinyd/core';
import { replaceFile } from '../atomic-file';
import { withContainerLock } from '../container-lock';
import type { RuntimeContext } from '../context';
import { recordNetwork } from '../events/record-network';
import {
  allNetworks,
  checkEndpoints,
  connectionMessages,
  endpointsOf,
  freeSlot,
  gatewayOf,
  gatewayOf6,
  type NetworkSettings,
  type PlaceRequest,
  pickNetwork,
  placeOf,
  planPlaces,
  releaseNetwork,
  type TakenPlace,
  takePlace,
} from '../network';
import type { NetworkEndpoint } from '../options';
import type { ContainerRecord } from '../record';
import { type ContainerView, requireContainer } from '../state/container-state';
import { isUp } from '../state/status';
import { Undo } from '../undo';
import { changeLiveNetwork, commitLiveNetwork } from './live-network';
import { readNetworkSettings, runningNetworks } from './network';

/**
 * Puts a container on one more network, at once if it runs, and for every later start.
 *
 * A running container keeps its way out if it has one, until it is started again.
 *
 * @returns warnings: what had to be repaired of the network, or stands in its way. Fails with the code of what is wrong
 * with the endpoint, ERR_TINYD_OPTION_INVALID when it is on the network already or has none of its own, or
 * ERR_TINYD_NETWORK_FAILED; everything is as before then.
 */
export async function connectContainer(
  context: RuntimeContext,
  id: string,
  wanted: NetworkEndpoint,
): Promise<readonly string[]> {
  const { paths } = requireContainer(context, id);
  return withContainerLock(paths, async () => {
    const view = requireContainer(context, id);
    const { record, state } = view;
    refuseShared(record, wanted.network);
    const [endpoint = wanted] = checkEndpoints(context.layout.root, [wanted]);
    refuseConnection(record, endpoint.network);
    const undo = new Undo();
    const warnings: string[] = [];
    const tell = (warning: string) => warnings.push(warning);
    try {
      if (isUp(state.status)) connectLive(context, view, { endpoint, tell }, undo);
      replaceEndpoints(view, [...endpointsOf(record.options), endpoint]);
      recordNetwork(context, pickNetwork(allNetworks(context.layout.root), endpoint.network), 'connect', id);
      return warnings;
    } catch (error) {
      throw await undo.rollBack(error);
    }
  });
}

/** Writes which networks a container is on: what its next start goes by. */
export function replaceEndpoints(
  { record, paths }: ContainerView,
  endpoints: readonly NetworkEndpoint[],
): void {
  const options = { ...record.options, endpoints };
  replaceFile(paths.record, `${JSON.stringify({ ...record, options }, null, 2)}\n`);
}

function refuseConnection({ name, options }: ContainerRecord, network: string): void {
  const { mode } = options.network;
  if (mode !== 'user' && mode !== 'bridge') {
    throw refusal(
      name,
      network,
      `it was created with --network ${mode}, which leaves it no network of its own`,
    );
  }
  if (endpointsOf(options).some(other => other.network === network)) {
    throw refusal(name, network, 'it is on that network already');
  }
}

/** The two that are no networks, though they are listed among them. */
function refuseShared({ name }: ContainerRecord, network: string): void {
  if (network !== 'host' && network !== 'none') return;
  throw refusal(name, network, `a container is given --network ${network} when it is created, or never`);
}

function refusal(name: string, network: string, why: string): TinydError {
  return new TinydError(
    'ERR_TINYD_OPTION_INVALID',
    `cannot connect container ${name} to network ${network}: ${why}`,
    {
      hint: 'tinyd inspect shows the networks of a container',
      details: { container: name, network },
    },
  );
}

function connectLive(
  context: RuntimeContext,
  view: ContainerView,
  { endpoint, tell }: Required<Pick<PlaceRequest, 'endpoint' | 'tell'>>,
  undo: Undo,
): void {
  const { root } = context.layout;
  const before = readNetworkSettings(view.paths);
  const place = takePlace({
    root,
    containerId: view.record.id,
    slot: freeSlot(before),
    endpoint,
    running: () => runningNetworks(context),
    tell,
  });
  const places = [...before.map(settings => placeOf(root, settings)), place];
  const roles = keepRoles(before, places);
  const attachment = planPlaces(root, places, roles);
  const added = attachment.settings.at(-1) as NetworkSettings;
  undo.add(() => releaseNetwork(root, added));
  const resolver = commitLiveNetwork(context, view, attachment, undo);
  if (view.state.status !== 'running') return;
  changeLiveNetwork(view, 'connect', { ...connectionMessages(place, roles), ...resolver });
}

/** The roles that places have; a new place gets those that nobody has. */
function keepRoles(before: readonly NetworkSettings[], places: readonly TakenPlace[]) {
  const index = before.findIndex(({ isGateway }) => isGateway);
  const index6 = before.findIndex(({ isGateway6 }) => isGateway6);
  return {
    gateway: index === -1 ? gatewayOf(places) : places[index],
    gateway6: index6 === -1 ? gatewayOf6(places) : places[index6],
    ports: before.flatMap(({ ports }) => ports),
  };
}
