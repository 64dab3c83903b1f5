import assert from 'node:assert/strict';
import type { Digest } from '@tinyd/core';
import {
  blobPath,
  layerFolder,
  layerLinkName,
  layerLinkTarget,
  partialPath,
  storeLayout,
} from '../../../packages/store/dist/layout';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}` as Digest;

describe('the layout', () => {
  const layout = storeLayout('/r');

  it('names objects by their digests', () => {
    const hex = '0123456789abcdef'.repeat(4);
    assert.equal(blobPath(layout, DIGEST), `/r/blobs/sha256/${hex}`);
    assert.equal(partialPath(layout, DIGEST), `/r/partial/sha256-${hex}`);
    assert.equal(layerFolder(layout, DIGEST), `/r/layers/${hex}`);
    assert.equal(layerLinkTarget(DIGEST), `../layers/${hex}/diff`);
  });

  it('fits 127 lower dirs and the rest of the options into one mount call', () => {
    const lower = Array.from({ length: 127 }, () => layerLinkName(DIGEST)).join(':');
    const container = `containers/${'f'.repeat(64)}`;
    const options = `lowerdir=${lower},upperdir=${container}/upper,workdir=${container}/work`;
    assert.ok(options.length <= 4095, `${options.length}`);
  });
});
