import type { ContainerSummary, Runtime, VolumeSummary } from '@tinyd/runtime';
import type { ImageRow, ImagesUsage, Store } from '@tinyd/store';

/** What tinyd keeps on disk. Bytes. */
export interface DiskUsage {
  readonly images: ImagesUsage;
  /** One for each name of an image. */
  readonly rows: readonly ImageRow[];
  readonly containers: readonly ContainerUsage[];
  readonly volumes: readonly { readonly volume: VolumeSummary; readonly bytes: number }[];
}

/** A container, and what lies in its own writable layer. */
export interface ContainerUsage {
  readonly container: ContainerSummary;
  readonly bytes: number;
}

/** Looks at all images, containers and volumes. Walks through writable layers and volumes. */
export async function diskUsage(store: Store, runtime: Runtime): Promise<DiskUsage> {
  const containers = (await runtime.settledContainers()).map(container => ({
    container,
    bytes: runtime.find(container.id).size(),
  }));
  const used = new Set(
    containers.flatMap(({ container }) => [container.imageId, ...container.mountedImageIds]),
  );
  const volumes = runtime.volumes
    .list()
    .map(volume => ({ volume, bytes: runtime.volumes.size(volume.name) }));
  return { images: store.usage(id => used.has(id)), rows: store.images(), containers, volumes };
}
