import { existsSync } from 'node:fs';
import type { Digest } from '@tinyd/core';
import { findLayer } from '../layers/record';
import { layerContentPath, layerFolder, type StoreLayout } from '../layout';

/** One layer of the image that is being pulled. */
export interface StackedLayer {
  readonly position: number;
  readonly diffId: Digest;
  readonly chainId: Digest;
}

/** The layers of an image while they come into being, bottom first. */
export class LayerStack {
  readonly layers: readonly StackedLayer[];
  readonly #layout: StoreLayout;
  readonly #settled: Deferred[];
  /** Content folders of layers that are settled but not yet committed. */
  readonly #unfinished = new Map<number, string>();

  constructor(layout: StoreLayout, layers: readonly StackedLayer[]) {
    this.#layout = layout;
    this.layers = layers;
    this.#settled = layers.map(() => deferred());
  }

  at(position: number): StackedLayer {
    const layer = this.layers[position];
    if (layer === undefined) throw new RangeError(`no layer ${position}`);
    return layer;
  }

  parentOf(position: number): Digest | undefined {
    return position === 0 ? undefined : this.at(position - 1).chainId;
  }

  /** True when the layer is in the store, whoever brought it: it is settled then. */
  isStored(position: number): boolean {
    if (findLayer(this.#layout, this.at(position).chainId) === undefined) return false;
    this.settle(position);
    return true;
  }

  /** The layer is complete: in the store, or in `contentDir` until it is committed. */
  settle(position: number, contentDir?: string): void {
    if (contentDir !== undefined) this.#unfinished.set(position, contentDir);
    this.#settled[position]?.resolve();
  }

  /** The pull has failed: nobody may wait for layers that will not come. */
  fail(error: unknown): void {
    for (const layer of this.#settled) layer.reject(error);
  }

  /** True when all layers below are complete. */
  isSettledBelow(position: number): boolean {
    return this.#settled.slice(0, position).every(layer => layer.isResolved);
  }

  async settledBelow(position: number): Promise<void> {
    await Promise.all(this.#settled.slice(0, position).map(layer => layer.promise));
  }

  /** Content folders of the layers below, nearest first. Valid until the next commit. */
  lowerDirs(position: number): string[] {
    return this.layers
      .slice(0, position)
      .map(layer => this.#contentDir(layer))
      .reverse();
  }

  #contentDir({ position, chainId }: StackedLayer): string {
    const stored = layerContentPath(layerFolder(this.#layout, chainId));
    const unfinished = this.#unfinished.get(position);
    return unfinished === undefined || existsSync(stored) ? stored : unfinished;
  }
}

interface Deferred {
  readonly promise: Promise<void>;
  readonly isResolved: boolean;
  resolve(): void;
  reject(error: unknown): void;
}

function deferred(): Deferred {
  let settle: { resolve: () => void; reject: (error: unknown) => void } | undefined;
  let isResolved = false;
  const promise = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // Nobody may be waiting when the pull fails.
  promise.catch(() => undefined);
  return {
    promise,
    get isResolved() {
      return isResolved;
    },
    resolve: () => {
      isResolved = true;
      settle?.resolve();
    },
    reject: error => settle?.reject(error),
  };
}
