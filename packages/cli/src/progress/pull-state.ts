import type { LayerEvent, PullEvent } from '@tinyd/store';
import { shortDigest } from '../present/short-id';

/** One layer as the progress display knows it. */
export interface LayerProgress {
  /** First twelve hex digits of the blob's digest, as docker shows layers. */
  readonly name: string;
  readonly status: LayerEvent['status'];
  readonly bytes: number;
  readonly size: number;
  readonly elsewhere: boolean;
}

/** Layers bottom first, in the order they are shown. */
export interface PullState {
  readonly layers: readonly LayerProgress[];
}

export const EMPTY_PULL: PullState = { layers: [] };

/** The state after one more event. Notices change nothing. */
export function reducePull(state: PullState, event: PullEvent): PullState {
  if (event.type === 'layers') {
    const layers = event.layers.map(({ digest, size }) => {
      const known = state.layers.find(layer => layer.name === shortDigest(digest));
      return (
        known ?? { name: shortDigest(digest), status: 'waiting' as const, bytes: 0, size, elsewhere: false }
      );
    });
    return { layers };
  }
  if (event.type !== 'layer') return state;
  const next = fromEvent(event);
  const isKnown = state.layers.some(layer => layer.name === next.name);
  if (!isKnown) return { layers: [...state.layers, next] };
  return { layers: state.layers.map(layer => (layer.name === next.name ? next : layer)) };
}

function fromEvent({ digest, status, bytes, size, elsewhere }: LayerEvent): LayerProgress {
  return { name: shortDigest(digest), status, bytes, size, elsewhere: elsewhere === true };
}

/** What is said of a layer, in docker's words. */
export function statusText({ status, elsewhere }: LayerProgress): string {
  switch (status) {
    case 'waiting':
      return elsewhere ? 'Waiting for another tinyd' : 'Waiting';
    case 'downloading':
      return elsewhere ? 'Downloading by another tinyd' : 'Downloading';
    case 'unpacking':
      return 'Extracting';
    case 'retrying':
      return 'Retrying';
    case 'exists':
      return 'Already exists';
    case 'done':
      return 'Pull complete';
  }
}
