import type { Digest, HistoryEntry, ImageConfig } from '@tinyd/core';
import { readLayer } from '../layers/record';
import type { StoreLayout } from '../layout';
import { chainOf, configOf, repoTags, type StoredImage } from './image';

/** One row of `tinyd history`, topmost step first. */
export interface HistoryRow {
  /** The image's ID on the topmost row; undefined (`<missing>`) below. */
  readonly id?: Digest;
  /** ISO 8601. */
  readonly created?: string;
  readonly createdBy: string;
  /** Bytes of files that the step added. */
  readonly sizeBytes: number;
  readonly comment: string;
  /** Names of the image on the topmost row. */
  readonly tags: readonly string[];
}

/** Fails with ERR_TINYD_STORE_INVALID. */
export function imageHistory(layout: StoreLayout, image: StoredImage): HistoryRow[] {
  const config = configOf(layout, image);
  const sizes = chainOf(config).map(chainId => readLayer(layout, chainId).contentBytes);
  const [top, ...below] = historyRows(config, sizes).reverse();
  return top === undefined ? [] : [{ ...top, id: image.id, tags: repoTags(image) }, ...below];
}

/**
 * Matches the build steps with the layers, oldest first. Layers that the history does not speak of get a row of their
 * own; steps that claim a layer where none is left have none.
 */
export function historyRows(config: ImageConfig, layerSizes: readonly number[]): HistoryRow[] {
  const steps = config.history ?? [];
  let next = 0;
  const rows = steps.map(step => row(step, step.empty_layer ? 0 : (layerSizes[next++] ?? 0)));
  return rows.concat(layerSizes.slice(next).map(sizeBytes => row({}, sizeBytes)));
}

function row({ created, created_by: createdBy, comment }: HistoryEntry, sizeBytes: number): HistoryRow {
  return {
    ...(created && { created }),
    createdBy: createdBy ?? '',
    sizeBytes,
    comment: comment ?? '',
    tags: [],
  };
}
