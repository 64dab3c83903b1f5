import type { ContainerSummary, Runtime } from '@tinyd/runtime';
import type { ImageRow, ImagesUsage, Store } from '@tinyd/store';

/** What tinyd keeps on disk. Bytes. */
export interface DiskUsage {
  readonly images: ImagesUsage;
  /** One for each name of an image. */
  readonly rows: readonly ImageRow[];
  readonly containers: readonly ContainerUsage[];
}

/** A container, and what lies in its own writable layer. */
export interface ContainerUsage {
  readonly container: ContainerSummary;
  readonly bytes: number;
}

/** Looks at all images and containers. Walks through the writable layers. */
export function diskUsage(store: Store, runtime: Runtime): DiskUsage {
  const containers = runtime
    .containers()
    .map(container => ({ container, bytes: runtime.find(container.id).size() }));
  const used = new Set(containers.map(({ container }) => container.imageId));
  return { images: store.usage(id => used.has(id)), rows: store.images(), containers };
}
