export type { ImportOptions, RootInput } from './archives/import';
export type { ArchiveInput } from './archives/load';
export type { LocalRootOptions } from './archives/local-root';
export { type ArchiveStream, inflated } from './archives/open-archive';
export type { LoadedImage } from './archives/store-images';
export type { CommitOptions } from './committed/commit-image';
export type { ChangedFolder } from './committed/layer-entries';
export type { Pruned, PruneOptions } from './gc/remove-images';
export type { HistoryRow } from './images/history';
export type { ImageInspection } from './images/inspect';
export type { ImageRow } from './images/list';
export type { ContainerUse, RemovedItem, RemoveOptions } from './images/removal';
export type { ImagesUsage, ImageUsage } from './images/usage';
export type { LayerEvent, PullEvent, PullOptions, PullResult } from './pull/events';
export {
  type ImageForContainer,
  openStore,
  Store,
  type StoreOptions,
} from './store';
