import { constants } from 'node:os';
import { isTinydError, type TinydError } from '@tinyd/core';
import { removeFile, replaceUnflushed } from '../atomic-file';
import type { RuntimeContext } from '../context';
import type { ContainerLayout } from '../layout';
import {
  type AttachedContainer,
  attachNetworks,
  endpointsOf,
  ensureNetwork,
  loopbackPlan,
  type NetworkSettings,
  type PublishedPort,
  type PublishRequest,
  portTakenError,
  releaseNetwork,
} from '../network';
import { dnsPlan } from '../network/dns';
import type { CreateOptions } from '../options';
import type { NetworkPlan } from '../plan/network';
import type { HelperReport } from '../plan/report';
import type { TeardownPlan } from '../plan/session';
import type { ContainerRecord } from '../record';
import { imageProcess } from '../spec/generate';
import { sysctlPath } from '../spec/sysctls';
import { readStates, requireContainer } from '../state/container-state';
import { isUp, wrongState } from '../state/status';
import type { Undo } from '../undo';
import { newestFirst } from './description';
import { readDescriptions } from './description-cache';
import { announceNames, resolvesNames, withdrawNames } from './name-service';
import { readNetworkSettings, readPlaces } from './network-settings';

/** How a container that is about to start is connected. */
export interface PreparedNetwork {
  readonly plan?: NetworkPlan;
  readonly releases: TeardownPlan['releases'];
  /** One for each network. */
  readonly settings: readonly NetworkSettings[];
  /** `--network container:ID`: the namespace to join. */
  readonly joinedNetwork?: string;
  /** What had to be repaired of its networks, and what is left out. */
  readonly warnings: readonly string[];
}

/**
 * Takes what a container needs of its network; `undo` gives it back.
 *
 * What was taken is written to `network.json` before the process starts, so that it can be given back by another
 * command if this one is killed.
 */
export async function prepareNetwork(
  context: RuntimeContext,
  record: ContainerRecord,
  paths: ContainerLayout,
  undo: Undo,
): Promise<PreparedNetwork> {
  const { options } = record;
  const { network } = options;
  const nothing = { releases: [], settings: [], warnings: discardedPorts(options) };
  if (network.mode === 'host') return nothing;
  if (network.mode === 'none') return { ...nothing, plan: loopbackPlan() };
  if (network.mode === 'container') {
    const other = requireContainer(context, network.container);
    if (other.state.status !== 'running') {
      throw wrongState('join the network of', other.record.name, other.state.status);
    }
    return { ...nothing, joinedNetwork: `/proc/${other.state.pid}/ns/net` };
  }
  const warnings: string[] = [];
  const attachment = await attachNetworks({
    root: context.layout.root,
    containerId: record.id,
    endpoints: endpointsOf(options),
    ...publishRequest(context, options),
    tell: warning => warnings.push(warning),
  });
  undo.add(() => giveBackNetwork(context, paths));
  replaceUnflushed(paths.network, `${JSON.stringify(attachment.settings)}\n`);
  const { plan, settings } = attachment;
  announceNames(context, record, settings);
  const prepared = { ...attachment, warnings };
  return settings.some(resolvesNames) ? { ...prepared, plan: { ...plan, dns: dnsPlan() } } : prepared;
}

/** What a container was told to publish. */
export function publishRequest(context: RuntimeContext, options: CreateOptions): PublishRequest {
  return {
    ports: options.ports,
    publishAll: options.publishAll,
    exposed: [...Object.keys(imageProcess(options).ExposedPorts ?? {}), ...options.expose],
    running: () => runningNetworks(context),
  };
}

/**
 * Puts in place what somebody took away under a container that runs: bridges, rules, published ports. Returns what that was,
 * what stands in the way, and what could not be repaired.
 */
export function repairNetworks(context: RuntimeContext, paths: ContainerLayout): string[] {
  const warnings: string[] = [];
  const running = () => runningNetworks(context);
  for (const { network } of readNetworkSettings(paths)) {
    try {
      const tell = (warning: string) => warnings.push(warning);
      ensureNetwork({ root: context.layout.root, running, name: network, tell });
    } catch (error) {
      if (!isTinydError(error)) throw error;
      warnings.push(error.message);
    }
  }
  return warnings;
}

/** docker takes them, too, where nothing can lead to them, and says so. */
function discardedPorts({ network, ports, publishAll }: CreateOptions): string[] {
  if (ports.length === 0 && !publishAll) return [];
  return [`published ports are discarded: with --network ${network.mode} there is nothing to publish`];
}

/** Adds the sysctls of the specification to a network plan: the helper writes them once the namespaces are made. */
export function withSysctls(
  plan: NetworkPlan | undefined,
  sysctls: Readonly<Record<string, string>> | undefined,
): NetworkPlan | undefined {
  const entries = Object.entries(sysctls ?? {}).map(([name, value]) => ({ path: sysctlPath(name), value }));
  if (entries.length === 0) return plan;
  const base = plan ?? EMPTY_PLAN;
  return { ...base, sysctls: [...base.sysctls, ...entries] };
}

const NOTHING = new Uint8Array();
const EMPTY_PLAN: NetworkPlan = {
  hostBatch: NOTHING,
  containerBatch: NOTHING,
  portBatch: NOTHING,
  portTeardownBatch: NOTHING,
  hostTeardownBatch: NOTHING,
  claims: [],
  sysctls: [],
};

/**
 * Gives back what `network.json` names, for a monitor that did not live to do it. Nothing to give back is success.
 *
 * A port that another container publishes by now is left alone: its map element is that container's.
 */
export function giveBackNetwork(context: RuntimeContext, paths: ContainerLayout): void {
  const places = readNetworkSettings(paths);
  if (places.length === 0) return;
  const taken = runningNetworks(context).flatMap(other =>
    other.id === paths.id ? [] : other.settings.ports,
  );
  const isTaken = (port: PublishedPort) =>
    taken.some(other => other.hostPort === port.hostPort && other.protocol === port.protocol);
  withdrawNames(context.layout, paths.id, places);
  for (const settings of places) {
    const ports = settings.ports.filter(port => !isTaken(port));
    releaseNetwork(context.layout.root, { ...settings, ports });
  }
  forgetNetwork(paths);
}

/** Drops the note of a network that the monitor has given back. */
export function forgetNetwork(paths: ContainerLayout): void {
  removeFile(paths.network);
}

/** The error that names who was faster to take a port; undefined when the helper stopped for another reason. */
export async function claimError(
  context: RuntimeContext,
  network: PreparedNetwork,
  report: HelperReport,
): Promise<TinydError | undefined> {
  if (report.stage !== 'port-claim' || report.errno !== constants.errno.EADDRINUSE) return undefined;
  const port = network.settings
    .flatMap(({ ports }) => ports)
    .find(({ protocol, hostIp, hostPort }) => report.operand === `${protocol} ${hostIp}:${hostPort}`);
  return port === undefined ? undefined : portTakenError(port, runningNetworks(context));
}

/** Every place that a running container has on a network; the newest container's first. */
export function runningNetworks(context: RuntimeContext): AttachedContainer[] {
  const { layout } = context;
  const up = [...readStates(context)].flatMap(([id, { status }]) => (isUp(status) ? [id] : []));
  const places = readPlaces(layout.containers, up);
  const placesOf = new Map(up.map((id, index) => [id, places[index] ?? []]));
  return readDescriptions(layout, up)
    .sort(newestFirst)
    .flatMap(({ id, name }) => (placesOf.get(id) ?? []).map(settings => ({ id, name, settings })));
}
