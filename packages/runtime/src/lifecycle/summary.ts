import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../atomic-file';
import type { RuntimeContext } from '../context';
import { containerLayout, type RuntimeLayout } from '../layout';
import type { NetworkSettings, PublishedPort } from '../network';
import type { ContainerView } from '../state/container-state';
import { type HealthStatus, readHealthFile } from '../state/health';
import { visibleStatus } from '../state/paused';
import type { ObservedState, VisibleStatus } from '../state/status';
import { type ContainerDescription, newestFirst } from './description';
import { type RecordIdentities, readDescriptions } from './description-cache';
import { readNetworkSettings } from './network-settings';

/** Everything that a row of `ps` shows, in a typed form. */
export interface ContainerSummary extends Omit<ContainerDescription, 'hasHealthCheck'> {
  readonly status: VisibleStatus;
  readonly exitCode: number;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly error: string;
  /** `none` also when it does not run. */
  readonly health: HealthStatus;
  /** Published ports while it runs. */
  readonly ports: readonly PublishedPort[];
  /** Ports of the image and `--expose` that are not published, while it runs: `80/tcp`. */
  readonly exposed: readonly string[];
  /** Address on the first network while it runs. */
  readonly address: string | undefined;
}

type Live = Pick<ContainerSummary, 'health' | 'ports' | 'exposed' | 'address'>;

const NOT_RUNNING: Live = { health: 'none', ports: [], exposed: [], address: undefined };

/** What a listing has looked at already. */
export interface Seen {
  /** Records that somebody has just looked at. */
  readonly records?: RecordIdentities | undefined;
  /** Places on networks of those that run. */
  readonly places?: ReadonlyMap<string, readonly NetworkSettings[]>;
}

/** Summarises all containers whose states are given, newest first. */
export function summarizeAll(
  { layout }: RuntimeContext,
  states: ReadonlyMap<string, ObservedState>,
  { records, places }: Seen = {},
): ContainerSummary[] {
  return readDescriptions(layout, [...states.keys()], records)
    .flatMap(each => {
      const state = states.get(each.id);
      return state === undefined ? [] : [summarize(layout, each, state, places?.get(each.id))];
    })
    .sort(newestFirst);
}

/** Summarises a container; reads nothing but its own small files. */
export function summarize(
  layout: RuntimeLayout,
  description: ContainerDescription,
  state: ObservedState,
  places?: readonly NetworkSettings[],
): ContainerSummary {
  const live = state.status === 'running' ? liveOf(layout, description, places) : NOT_RUNNING;
  // Spelt out, as in `observe`: spreading would take ten times as long.
  return {
    id: description.id,
    name: description.name,
    imageId: description.imageId,
    imageName: description.imageName,
    mountedImageIds: description.mountedImageIds,
    command: description.command,
    created: description.created,
    status: visibleStatus({ record: description, state }),
    exitCode: state.exitCode,
    startedAt: state.startedAt,
    finishedAt: state.finishedAt,
    error: state.error,
    health: live.health,
    ports: live.ports,
    exposed: live.exposed,
    labels: description.labels,
    mounts: description.mounts,
    mountTargets: description.mountTargets,
    localVolumes: description.localVolumes,
    network: description.network,
    networks: description.networks,
    address: live.address,
  };
}

function liveOf(
  layout: RuntimeLayout,
  { id, exposed, hasHealthCheck }: ContainerDescription,
  places?: readonly NetworkSettings[],
): Live {
  const paths = containerLayout(layout, id);
  const settings = places ?? readNetworkSettings(paths);
  const ports = settings.flatMap(place => place.ports);
  const published = new Set(ports.map(port => `${port.containerPort}/${port.protocol}`));
  return {
    health: hasHealthCheck ? readHealthFile(paths).Status : 'none',
    ports,
    exposed: exposed.filter(port => !published.has(port)),
    address: settings[0]?.address,
  };
}

/** Bytes in a container's own writable layer (`ps --size`). */
export function writableLayerBytes(view: ContainerView): number {
  return folderBytes(view.paths.upper);
}

function folderBytes(folder: string): number {
  let total = 0;
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      total += entry.isDirectory() ? folderBytes(path) : fileBytes(path);
    }
  } catch (error) {
    // The container may be deleting files while we look.
    if (systemCode(error) !== 'ENOENT') throw error;
  }
  return total;
}

function fileBytes(path: string): number {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats?.isFile() ? stats.size : 0;
}
