import { TinydError } from '@tinyd/core';
import { replaceFile } from '../atomic-file';
import { withContainerLock } from '../container-lock';
import type { RuntimeContext } from '../context';
import { recordNetwork } from '../events/record-network';
import { reloadPlan } from '../helper/reload';
import {
  addPorts,
  allNetworks,
  checkEndpoints,
  connectionMessages,
  dropPorts,
  endpointsOf,
  freeSlot,
  gatewayOf,
  gatewayOf6,
  isMacvlan,
  type NetworkSettings,
  type PlaceRequest,
  type PlaceRoles,
  pickNetwork,
  placeOf,
  planPlaces,
  publishOn,
  releaseNetwork,
  type TakenPlace,
  takePlace,
} from '../network';
import type { NetworkEndpoint } from '../options';
import type { ContainerRecord } from '../record';
import { type ContainerView, requireContainer } from '../state/container-state';
import { isUp } from '../state/status';
import { Undo } from '../undo';
import { holdPorts } from './held-ports';
import { changeLiveNetwork, commitLiveNetwork } from './live-network';
import { publishRequest, runningNetworks } from './network';
import { readNetworkSettings } from './network-settings';

/**
 * Puts a container on one more network, at once if it runs, and for every later start.
 *
 * A running container keeps its way out if it has one, until it is started again. One that has none is given it here, and
 * what it was told to publish is published again.
 *
 * @returns warnings: what had to be repaired of the network, or stands in its way. Fails with the code of what is wrong
 * with the endpoint, ERR_TINYD_OPTION_INVALID when it is on the network already or has none of its own, ERR_TINYD_PORT_TAKEN
 * or ERR_TINYD_NETWORK_FAILED; everything is as before then.
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
      if (isUp(state.status)) await connectLive(context, view, { endpoint, tell }, undo);
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

async function connectLive(
  context: RuntimeContext,
  view: ContainerView,
  { endpoint, tell }: Required<Pick<PlaceRequest, 'endpoint' | 'tell'>>,
  undo: Undo,
): Promise<void> {
  const { root } = context.layout;
  const { record, paths } = view;
  const before = readNetworkSettings(paths);
  const running = () => runningNetworks(context);
  const place = takePlace({ root, containerId: record.id, slot: freeSlot(before), endpoint, running, tell });
  undo.add(() => releaseNetwork(root, { ...onlyPlace(root, place), ports: [] }));
  const places = [...before.map(settings => placeOf(root, settings)), place];
  const roles = await rolesWith(context, record, { before, places });
  const attachment = planPlaces(root, places, roles);
  const added = attachment.settings.at(-1) as NetworkSettings;
  // First of what is taken back last but the place: by then the plan of before is in force again.
  if (added.ports.length > 0) undo.add(() => void reloadPlan(paths.attachSocket, record.name));
  const resolver = commitLiveNetwork(context, view, attachment, undo);
  if (added.ports.length > 0) {
    await holdPorts(context, view, added.ports);
    undo.add(() => dropPorts(added));
    addPorts(added);
  }
  if (view.state.status !== 'running') return;
  changeLiveNetwork(view, 'connect', { ...connectionMessages(place, roles), ...resolver });
}

/** A place that leads nowhere. */
function onlyPlace(root: string, place: TakenPlace): NetworkSettings {
  const [settings] = planPlaces(root, [place], {
    gateway: undefined,
    gateway6: undefined,
    ports: [],
  }).settings;
  return settings as NetworkSettings;
}

/** The roles that places have; the new one, which is the last, gets those that nobody has. */
async function rolesWith(
  context: RuntimeContext,
  { options }: ContainerRecord,
  { before, places }: { before: readonly NetworkSettings[]; places: readonly TakenPlace[] },
): Promise<PlaceRoles> {
  const index = before.findIndex(({ isGateway }) => isGateway);
  const index6 = before.findIndex(({ isGateway6 }) => isGateway6);
  const gateway = index === -1 ? gatewayOf(places) : places[index];
  const isNew = index === -1 && gateway !== undefined && !isMacvlan(gateway.network);
  return {
    gateway,
    gateway6: index6 === -1 ? gatewayOf6(places) : places[index6],
    ports: isNew
      ? await publishOn(gateway, publishRequest(context, options))
      : before.flatMap(({ ports }) => ports),
  };
}
