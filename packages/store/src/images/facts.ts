import type { Digest } from '@tinyd/core';
import { readLayer } from '../layers/record';
import type { StoreLayout } from '../layout';
import { messageOf } from '../system-error';
import { chainOf, configOf, type StoredImage } from './image';

/** What a listing says of an image besides its names. */
export interface ImageFacts {
  /** ISO 8601, as the config says. */
  readonly created?: string;
  /** Sum of the file sizes of all layers. */
  readonly sizeBytes: number;
  readonly labels: Readonly<Record<string, string>>;
  /** Why the image cannot be used, when files of it are missing or damaged; size and date are unknown then. */
  readonly problem?: string;
}

/** The facts, and what they were read from besides the config. */
export interface ReadFacts {
  readonly facts: ImageFacts;
  /** Chain IDs, bottom first. */
  readonly chain: readonly Digest[];
}

/** Reads what images say of themselves. A layer that many of them have is read once. */
export class FactsReader {
  readonly #layout: StoreLayout;
  readonly #layerBytes = new Map<Digest, number>();

  constructor(layout: StoreLayout) {
    this.#layout = layout;
  }

  read(image: StoredImage): ReadFacts {
    try {
      const config = configOf(this.#layout, image);
      const chain = chainOf(config);
      const facts = {
        ...(config.created && { created: config.created }),
        sizeBytes: chain.reduce((sum, chainId) => sum + this.#bytesOf(chainId), 0),
        labels: config.config?.Labels ?? {},
      };
      return { facts, chain };
    } catch (error) {
      return { facts: { sizeBytes: 0, labels: {}, problem: messageOf(error) }, chain: [] };
    }
  }

  #bytesOf(chainId: Digest): number {
    const known = this.#layerBytes.get(chainId);
    if (known !== undefined) return known;
    const { contentBytes } = readLayer(this.#layout, chainId);
    this.#layerBytes.set(chainId, contentBytes);
    return contentBytes;
  }
}
