import type { ImageProcessConfig } from '@tinyd/core';
import { withContainerLock } from '../container-lock';
import type { RuntimeContext } from '../context';
import { repairContainer } from '../lifecycle/repair';
import type { ContainerRecord } from '../record';
import { configuredEnvironment } from '../spec/environment';
import { imageProcess } from '../spec/generate';
import { processArguments } from '../spec/process-arguments';
import { type ContainerView, requireContainer } from '../state/container-state';
import { isPaused } from '../state/paused';
import { STATUS_RULES } from '../state/status';
import { frozen } from './frozen';
import { type OwnLayer, ownLayer } from './own-layer';

/** How a container's layer is read. */
export interface ReadLayerOptions {
  /** Freeze its processes meanwhile. Otherwise files may be caught in the middle of a change. */
  readonly pause: boolean;
}

/**
 * Lets `read` look at the layer that a container writes to. Nobody can start, pause or remove the container meanwhile.
 *
 * Fails with ERR_TINYD_CONTAINER_NOT_FOUND, also when a `--rm` container has ended and gone while it was read, and with those
 * of freezing.
 */
export async function withOwnLayer<T>(
  context: RuntimeContext,
  id: string,
  { pause }: ReadLayerOptions,
  read: (layer: OwnLayer) => Promise<T>,
): Promise<T> {
  const { paths } = requireContainer(context, id);
  return withContainerLock(paths, async () => {
    const view = await repairContainer(context, requireContainer(context, id));
    const result = await (pause && mustFreeze(view)
      ? frozen(id, () => read(ownLayer(view)))
      : read(ownLayer(view)));
    requireContainer(context, id);
    return result;
  });
}

function mustFreeze(view: ContainerView): boolean {
  return STATUS_RULES[view.state.status].hasProcess && !isPaused(view);
}

/** What an image must say so that a container of it is like this one: the image's own words, and what the user changed. */
export function processConfig({ options }: ContainerRecord): ImageProcessConfig {
  const image = imageProcess(options);
  const { entrypoint, command } = processArguments(image, options);
  const ports = [
    ...options.expose.map(port => (port.includes('/') ? port : `${port}/tcp`)),
    ...options.ports.map(port => `${port.containerPort}/${port.protocol}`),
  ];
  const exposed = { ...image.ExposedPorts, ...Object.fromEntries(ports.map(port => [port, {}])) };
  const labels = { ...image.Labels, ...options.labels };
  const env = configuredEnvironment(image.Env ?? [], options.env);
  const user = options.user ?? image.User;
  const workingDir = options.workingDir ?? image.WorkingDir;
  const stopSignal = options.stopSignal ?? image.StopSignal;
  return {
    ...image,
    Entrypoint: entrypoint,
    Cmd: command,
    ...(env.length > 0 && { Env: env }),
    ...(Object.keys(exposed).length > 0 && { ExposedPorts: exposed }),
    ...(Object.keys(labels).length > 0 && { Labels: labels }),
    ...(user && { User: user }),
    ...(workingDir && { WorkingDir: workingDir }),
    ...(stopSignal && { StopSignal: stopSignal }),
  };
}
