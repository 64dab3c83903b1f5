import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../atomic-file';
import { endpointsOf, type PublishedPort } from '../network';
import type { CreateOptions, NetworkChoice } from '../options';
import { imageProcess } from '../spec/generate';
import { processArguments } from '../spec/process-arguments';
import type { ContainerView } from '../state/container-state';
import { type HealthStatus, readHealth } from '../state/health';
import { visibleStatus } from '../state/paused';
import type { VisibleStatus } from '../state/status';
import { readNetworkSettings } from './network';

/** Everything that a row of `ps` shows, in a typed form. */
export interface ContainerSummary {
  readonly id: string;
  readonly name: string;
  readonly imageId: string;
  readonly imageName: string;
  /** IDs of the images that it mounts. */
  readonly mountedImageIds: readonly string[];
  /** Entrypoint and command. */
  readonly command: readonly string[];
  /** RFC 3339. */
  readonly created: string;
  readonly status: VisibleStatus;
  readonly exitCode: number;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly error: string;
  /** `none` also when it does not run. */
  readonly health: HealthStatus;
  /** Published ports while it runs. */
  readonly ports: readonly PublishedPort[];
  /** Ports of the image and `--expose` that are not published: `80/tcp`. */
  readonly exposed: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Names of volumes, host paths of binds. */
  readonly mounts: readonly string[];
  /** How many of its mounts are volumes. */
  readonly localVolumes: number;
  /** `bridge`, `host`, `none`, `container:<id>`, or the first network's name. */
  readonly network: string;
  /** Names of all its networks; `host` and `none` count as such. */
  readonly networks: readonly string[];
  /** Address on the first network while it runs. */
  readonly address: string | undefined;
}

/** Summarises a container; reads nothing but its own small files. */
export function summarize(view: ContainerView): ContainerSummary {
  const { record, paths, state } = view;
  const { options } = record;
  const settings = state.status === 'running' ? readNetworkSettings(paths) : [];
  const ports = settings.flatMap(place => place.ports);
  const published = new Set(ports.map(port => `${port.containerPort}/${port.protocol}`));
  const exposed = [...Object.keys(imageProcess(options).ExposedPorts ?? {}), ...options.expose].map(port =>
    port.includes('/') ? port : `${port}/tcp`,
  );
  return {
    id: record.id,
    name: record.name,
    imageId: options.image.id,
    imageName: options.image.name,
    mountedImageIds: (options.imageMounts ?? []).map(({ image }) => image.id),
    command: processArguments(imageProcess(options), options).argv,
    created: record.created,
    status: visibleStatus(view),
    exitCode: state.exitCode,
    startedAt: state.startedAt,
    finishedAt: state.finishedAt,
    error: state.error,
    health: (state.status === 'running' ? readHealth(record, paths)?.Status : undefined) ?? 'none',
    ports,
    exposed: state.status === 'running' ? [...new Set(exposed)].filter(port => !published.has(port)) : [],
    labels: { ...(imageProcess(options).Labels ?? {}), ...options.labels },
    mounts: [
      ...(record.volumes ?? []).map(volume => volume.name),
      ...options.binds.map(bind => bind.source),
      ...(options.imageMounts ?? []).map(({ image }) => image.name),
    ],
    localVolumes: record.volumes?.length ?? 0,
    network: networkMode(options.network),
    networks: networkNames(options),
    address: settings[0]?.address,
  };
}

/** docker's NetworkMode. */
export function networkMode(network: NetworkChoice): string {
  if (network.mode === 'container') return `container:${network.container}`;
  return network.mode === 'user' ? network.network : network.mode;
}

function networkNames(options: CreateOptions): string[] {
  const { mode } = options.network;
  if (mode === 'host' || mode === 'none') return [mode];
  return endpointsOf(options).map(({ network }) => network);
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
