import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type Digest, digestAlgorithm, digestHex } from '@tinyd/core';
import { identifyEach, isSettled } from '@tinyd/native';
import type { StoreLayout } from '../layout';
import { FactsReader, type ImageFacts, type ReadFacts } from './facts';
import type { StoredImage } from './image';

/** Changes with what {@link ImageFacts} holds, and with how it is made of a config. */
export const FACTS_VERSION = 1;

/** The facts of an image, and which version of its config they were read from. */
interface Kept extends ReadFacts {
  readonly config: string;
}

/** Which versions of files there are, by the digest that names the file. */
type Identities = Readonly<Record<Digest, string | undefined>>;

interface Cache {
  readonly version: number;
  readonly layers: Identities;
  readonly images: Readonly<Record<Digest, Kept>>;
}

const EMPTY: Cache = { version: FACTS_VERSION, layers: {}, images: {} };

/** An image with what it says of itself. */
export interface DescribedImage {
  readonly image: StoredImage;
  readonly facts: ImageFacts;
}

/** From so many images on that had to be read, the cache is written: below that it would cost more than it spares. */
const WORTH_WRITING = 16;

/**
 * Images with what they say of themselves, in their order.
 *
 * A config is read, verified and checked at ten times the cost of a look at its file. What was found is therefore kept, and believed
 * while the config and the records of all layers are the files that they were. Whoever finds much of the cache missing or out
 * of date replaces it; it may be deleted at any time.
 */
export function readFacts(
  layout: StoreLayout,
  images: readonly StoredImage[],
  nowMs = Date.now(),
): DescribedImage[] {
  const reader = new FactsReader(layout);
  if (images.length < WORTH_WRITING) return images.map(image => ({ image, facts: reader.read(image).facts }));
  const cache = readCache(layout);
  const configs = identifyConfigs(layout, images);
  const layers = identifyLayers(layout, Object.keys(cache.layers) as Digest[]);
  const isSame = ({ config, chain }: Kept, id: Digest) =>
    config === configs[id] &&
    chain.every(each => layers[each] !== undefined && layers[each] === cache.layers[each]);
  let fresh = 0;
  const found = images.map(image => {
    const kept = cache.images[image.id];
    if (kept && isSame(kept, image.id)) return { image, ...kept };
    fresh += 1;
    return { image, ...reader.read(image) };
  });
  if (fresh >= WORTH_WRITING) writeCache(layout, found, configs, nowMs);
  return found;
}

function identifyConfigs(layout: StoreLayout, images: readonly StoredImage[]): Identities {
  const names = images.map(({ id }) => `${digestAlgorithm(id)}/${digestHex(id)}`);
  const identities = identifyEach(layout.blobs, names);
  return Object.fromEntries(images.map(({ id }, index) => [id, identities[index]]));
}

function identifyLayers(layout: StoreLayout, chainIds: readonly Digest[]): Identities {
  if (chainIds.length === 0) return {};
  const identities = identifyEach(layout.layers, chainIds.map(digestHex), 'layer.json');
  return Object.fromEntries(chainIds.map((chainId, index) => [chainId, identities[index]]));
}

/** Whatever is wrong with it: then there is none. */
function readCache(layout: StoreLayout): Cache {
  try {
    const cache = JSON.parse(readFileSync(layout.imageFacts, 'utf8')) as Cache;
    return cache.version === FACTS_VERSION && cache.layers && cache.images ? cache : EMPTY;
  } catch {
    return EMPTY;
  }
}

/** Keeps what was read of whole images, from files that were what they are before they were read: those have settled. */
function writeCache(
  layout: StoreLayout,
  found: readonly (DescribedImage & ReadFacts)[],
  configs: Identities,
  nowMs: number,
): void {
  const layers = identifyLayers(layout, [...new Set(found.flatMap(({ chain }) => chain))]);
  const hasSettled = (identity = 'none') => isSettled(identity, nowMs);
  const images = found.flatMap(({ image: { id }, facts, chain }): [Digest, Kept][] => {
    const config = configs[id];
    const isLasting = facts.problem === undefined && chain.every(each => hasSettled(layers[each]));
    return config !== undefined && hasSettled(config) && isLasting ? [[id, { config, facts, chain }]] : [];
  });
  const cache: Cache = { version: FACTS_VERSION, layers, images: Object.fromEntries(images) };
  const temporary = `${layout.imageFacts}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, JSON.stringify(cache), { mode: 0o600 });
    renameSync(temporary, layout.imageFacts);
  } catch {
    // Not root, or no room: the next one reads the images as well.
    rmSync(temporary, { force: true });
  }
}
