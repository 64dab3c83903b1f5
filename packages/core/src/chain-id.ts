import { createHash } from 'node:crypto';
import type { Digest } from './digest';

/**
 * Names each prefix of a layer stack: the first is the first diff ID, every further one is
 * sha256("<previous chain ID> <diff ID>") (image-spec config.md, "Layer ChainID").
 *
 * @param diffIds bottom layer first.
 * @returns as many chain IDs, bottom first; the last one stands for the whole root file system.
 */
export function chainIds(diffIds: readonly Digest[]): Digest[] {
  const chain: Digest[] = [];
  for (const diffId of diffIds) {
    const below = chain.at(-1);
    chain.push(below === undefined ? diffId : sha256(`${below} ${diffId}`));
  }
  return chain;
}

function sha256(text: string): Digest {
  return `sha256:${createHash('sha256').update(text).digest('hex')}` as Digest;
}
