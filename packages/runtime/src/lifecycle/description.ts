import { endpointsOf } from '../network';
import type { CreateOptions, NetworkChoice } from '../options';
import type { ContainerRecord } from '../record';
import { imageProcess } from '../spec/generate';
import { healthCommand } from '../spec/healthcheck';
import { processArguments } from '../spec/process-arguments';

/** What a row of `ps` shows of a container's record alone: true for as long as the record is not replaced. */
export interface ContainerDescription {
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
  /** Ports of the image and of `--expose`, published or not: `80/tcp`. */
  readonly exposed: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Names of volumes, host paths of binds. */
  readonly mounts: readonly string[];
  /** Where in the container they are. */
  readonly mountTargets: readonly string[];
  /** How many of its mounts are volumes. */
  readonly localVolumes: number;
  /** `bridge`, `host`, `none`, `container:<id>`, or the first network's name. */
  readonly network: string;
  /** Names of all its networks; `host` and `none` count as such. */
  readonly networks: readonly string[];
  readonly hasHealthCheck: boolean;
}

/** Raised whenever {@link describe} says something else of the same record: descriptions are kept (`description-cache.ts`). */
export const DESCRIPTION_VERSION = 2;

/** Describes a container. */
export function describe(record: ContainerRecord): ContainerDescription {
  const { options } = record;
  const image = imageProcess(options);
  const exposed = [...Object.keys(image.ExposedPorts ?? {}), ...options.expose].map(port =>
    port.includes('/') ? port : `${port}/tcp`,
  );
  return {
    id: record.id,
    name: record.name,
    imageId: options.image.id,
    imageName: options.image.name,
    mountedImageIds: (options.imageMounts ?? []).map(({ image }) => image.id),
    command: processArguments(image, options).argv,
    created: record.created,
    exposed: [...new Set(exposed)],
    labels: { ...(image.Labels ?? {}), ...options.labels },
    mounts: [
      ...(record.volumes ?? []).map(volume => volume.name),
      ...options.binds.map(bind => bind.source),
      ...(options.imageMounts ?? []).map(({ image }) => image.name),
    ],
    mountTargets: [
      ...(record.volumes ?? []).map(volume => volume.target),
      ...options.binds.map(bind => bind.target),
      ...(options.imageMounts ?? []).map(({ target }) => target),
    ],
    localVolumes: record.volumes?.length ?? 0,
    network: networkMode(options.network),
    networks: networkNames(options),
    hasHealthCheck: healthCommand(options) !== undefined,
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

/** Compares for a list that begins with the container that was made last. */
export function newestFirst(
  a: Pick<ContainerDescription, 'created'>,
  b: Pick<ContainerDescription, 'created'>,
): number {
  return a.created < b.created ? 1 : -1;
}
