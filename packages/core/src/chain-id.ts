import { createHash } from 'node:crypto';
import type { Digest } from './digest';

/**
 * Names each prefix of a layer stack: the first is the first diff ID, every further one is
 * sha256("<previous chain ID> <diff ID>") (image-spec config.md, "Layer ChainID").
 *
 * @param diffIds bottom layer first.
 * @param sha256 the hexadecimal digest of a text, by node:crypto unless told otherwise: that takes 4 ms to load.
 * @returns as many chain IDs, bottom first; the last one stands for the whole root file system.
 */
export function chainIds(diffIds: readonly Digest[], sha256 = sha256ByNode): Digest[] {
  const chain: Digest[] = [];
  for (const diffId of diffIds) {
    const below = chain.at(-1);
    chain.push(below === undefined ? diffId : (`sha256:${sha256(`${below} ${diffId}`)}` as Digest));
  }
  return chain;
}

function sha256ByNode(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
