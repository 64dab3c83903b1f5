import { TinydError } from '@tinyd/core';
import { replaceFile } from '../atomic-file';
import { withContainerLock } from '../container-lock';
import type { RuntimeContext } from '../context';
import { reloadPlan } from '../helper/reload';
import {
  addPorts,
  dropPorts,
  ensureNetwork,
  forgetFlows,
  type NetworkSettings,
  type PublishedPort,
  placeOf,
  planPlaces,
  publishOn,
} from '../network';
import type { PortMapping } from '../options';
import { type ContainerView, requireContainer } from '../state/container-state';
import { wrongState } from '../state/status';
import { Undo } from '../undo';
import { holdPorts } from './held-ports';
import { commitLiveNetwork } from './live-network';
import { runningNetworks } from './network';
import { readNetworkSettings } from './network-settings';

/** What publishing further ports has to tell. */
export interface PublishResult {
  /** The ports of the host that lead to the container now. */
  readonly ports: readonly PublishedPort[];
  /** What had to be repaired of its network, or stands in its way. */
  readonly warnings: readonly string[];
}

/**
 * Publishes further ports of a running container, at once and for every later start.
 *
 * Fails with ERR_TINYD_CONTAINER_STATE unless it runs, ERR_TINYD_PORT_TAKEN, ERR_TINYD_OPTION_INVALID or
 * ERR_TINYD_OPTION_UNSUPPORTED; everything is as before then.
 */
export async function publishPorts(
  context: RuntimeContext,
  id: string,
  mappings: readonly PortMapping[],
): Promise<PublishResult> {
  const { paths } = requireContainer(context, id);
  return withContainerLock(paths, async () => {
    const view = requireRunning(context, id, 'publish ports of');
    const before = readNetworkSettings(paths);
    const gateway = before.find(({ isGateway }) => isGateway);
    if (gateway === undefined) throw noWayIn(view);
    const running = () => runningNetworks(context);
    const { root } = context.layout;
    const warnings: string[] = [];
    ensureNetwork({ root, running, name: gateway.network, tell: warning => warnings.push(warning) });
    const place = placeOf(root, gateway);
    const added = await publishOn(place, { ports: mappings, publishAll: false, exposed: [], running });
    const undo = new Undo();
    try {
      await changePorts(context, view, [...gateway.ports, ...added], undo);
      const fresh = { ...gateway, ports: added };
      addPorts(fresh);
      undo.add(() => dropPorts(fresh));
      replacePorts(view, [...view.record.options.ports, ...mappings]);
      forgetFlows(fresh);
      return { ports: added, warnings };
    } catch (error) {
      throw await undo.rollBack(error);
    }
  });
}

/** What is meant by a port that is to be published no longer: absent parts are not looked at. */
export type PortSelection = Pick<PortMapping, 'hostIp' | 'hostPort' | 'containerPort' | 'protocol'>;

/**
 * Publishes ports of a running container no longer, at once and for every later start. Connections that exist go on.
 *
 * @returns what led to it. Fails with ERR_TINYD_CONTAINER_STATE unless it runs, or ERR_TINYD_OPTION_INVALID when nothing
 * that is published is meant.
 */
export async function unpublishPorts(
  context: RuntimeContext,
  id: string,
  selections: readonly PortSelection[],
): Promise<readonly PublishedPort[]> {
  const { paths } = requireContainer(context, id);
  return withContainerLock(paths, async () => {
    const view = requireRunning(context, id, 'change the published ports of');
    const gateway = readNetworkSettings(paths).find(({ isGateway }) => isGateway);
    const ports = gateway?.ports ?? [];
    for (const selection of selections) {
      if (!ports.some(port => isMeant(selection, port))) throw notPublished(view, selection);
    }
    const isGone = (port: PublishedPort) => selections.some(selection => isMeant(selection, port));
    const removed = ports.filter(isGone);
    replacePorts(
      view,
      view.record.options.ports.filter(mapping => !selections.some(selection => isMeant(selection, mapping))),
    );
    if (gateway !== undefined) dropPorts({ ...gateway, ports: removed });
    await changePorts(
      context,
      view,
      ports.filter(port => !isGone(port)),
      new Undo(),
    );
    return removed;
  });
}

function isMeant(selection: PortSelection, port: PortMapping | PublishedPort): boolean {
  return (
    selection.containerPort === port.containerPort &&
    selection.protocol === port.protocol &&
    (selection.hostPort === undefined || selection.hostPort === port.hostPort) &&
    (selection.hostIp === undefined || selection.hostIp === (port.hostIp ?? '0.0.0.0'))
  );
}

function requireRunning(context: RuntimeContext, id: string, verb: string): ContainerView {
  const view = requireContainer(context, id);
  if (view.state.status !== 'running') throw wrongState(verb, view.record.name, view.state.status);
  return view;
}

/** Notes which ports a container publishes, and has its monitor hold them. */
async function changePorts(
  context: RuntimeContext,
  view: ContainerView,
  ports: readonly PublishedPort[],
  undo: Undo,
): Promise<void> {
  const { root } = context.layout;
  const { paths, record } = view;
  const before = readNetworkSettings(paths);
  const places = before.map(settings => placeOf(root, settings));
  const placeWith = (claim: (settings: NetworkSettings) => boolean | undefined) =>
    places[before.findIndex(claim)];
  const roles = {
    gateway: placeWith(({ isGateway }) => isGateway),
    gateway6: placeWith(({ isGateway6 }) => isGateway6),
    ports,
  };
  // First of what is taken back last: by then the plan of before is in force again.
  undo.add(() => void reloadPlan(paths.attachSocket, record.name));
  commitLiveNetwork(context, view, planPlaces(root, places, roles), undo);
  await holdPorts(context, view, ports);
}

function replacePorts({ record, paths }: ContainerView, ports: readonly PortMapping[]): void {
  const options = { ...record.options, ports };
  replaceFile(paths.record, `${JSON.stringify({ ...record, options }, null, 2)}\n`);
}

function noWayIn({ record }: ContainerView): TinydError {
  return new TinydError(
    'ERR_TINYD_OPTION_INVALID',
    `cannot publish ports of container ${record.name}: it is on no network that leads out`,
    { hint: 'tinyd network connect puts it on one', details: { container: record.name } },
  );
}

function notPublished({ record }: ContainerView, selection: PortSelection): TinydError {
  const { hostIp, hostPort, containerPort, protocol } = selection;
  const host = [hostIp, hostPort].filter(part => part !== undefined).join(':');
  const text = `${host === '' ? '' : `${host}:`}${containerPort}/${protocol}`;
  return new TinydError(
    'ERR_TINYD_OPTION_INVALID',
    `cannot take back port ${text} of container ${record.name}: it is not published`,
    { hint: `tinyd port ${record.name} lists those that are`, details: { container: record.name } },
  );
}
