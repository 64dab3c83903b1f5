import assert from 'node:assert/strict';
import { type Digest, parseReference } from '@tinyd/core';
import type { ContainerUse } from '@tinyd/store';
import type { ImageEntry } from '../../../packages/store/dist/images/entry';
import { findImage } from '../../../packages/store/dist/images/find';
import { groupImages } from '../../../packages/store/dist/images/image';
import { nameImage } from '../../../packages/store/dist/images/naming';
import { planRemoval } from '../../../packages/store/dist/images/removal';

const digest = (letter: string) => `sha256:${letter.repeat(64)}` as Digest;
const HOST = { os: 'linux', architecture: 'amd64' };

/** An entry of the image `letter` under a name. */
function entry(name: string, letter: string, more: Partial<ImageEntry> = {}): ImageEntry {
  const reference = parseReference(name);
  return {
    target: { mediaType: 'application/vnd.oci.image.index.v1+json', digest: digest(letter), size: 1 },
    reference,
    repository: `${reference.domain}/${reference.path}`,
    manifest: digest(letter),
    imageId: digest(letter),
    platform: 'linux/amd64',
    origin: 'pull',
    updated: '2026-01-01T00:00:00.000Z',
    ...more,
  };
}

const container: ContainerUse = { id: '1'.repeat(64), name: 'c1', isRunning: false };

function remove(
  entries: readonly ImageEntry[],
  text: string,
  force = false,
  users: readonly ContainerUse[] = [],
) {
  const found = findImage(entries, text, HOST);
  return planRemoval(entries, groupImages(entries), found, { force, usedBy: () => users });
}

describe('planning the removal of an image', () => {
  it('takes the digest with the last tag of its repository, and the image with its last name', () => {
    const plan = remove([entry('nginx', 'a')], 'nginx');
    assert.deepEqual(plan.untagged, ['nginx:latest', `nginx@${digest('a')}`]);
    assert.deepEqual(plan.deleted, [digest('a')]);
    assert.deepEqual(plan.entries, []);
  });

  it('keeps the digest while another tag of the repository is there', () => {
    const entries = [entry('nginx', 'a'), entry('nginx:1', 'a')];
    const plan = remove(entries, 'nginx:1');
    assert.deepEqual(plan.untagged, ['nginx:1']);
    assert.deepEqual(plan.deleted, []);
    assert.deepEqual(groupImages(plan.entries).length, 1);
  });

  it('takes only the digest when that is asked for', () => {
    const plan = remove([entry('nginx', 'a')], `nginx@${digest('a')}`);
    assert.deepEqual(plan.untagged, [`nginx@${digest('a')}`]);
    assert.deepEqual(plan.deleted, []);
    assert.equal(plan.entries[0]?.origin, 'tag');
  });

  it('wants force for an ID with names in several repositories', () => {
    const entries = [entry('nginx', 'a'), entry('other', 'a', { origin: 'tag' })];
    assert.throws(() => remove(entries, 'aaaa'), { code: 'ERR_TINYD_IMAGE_IN_USE' });
    assert.deepEqual(remove(entries, 'aaaa', true).entries, []);
  });

  it('keeps a used image without a name when it is forced', () => {
    const plan = remove([entry('nginx', 'a')], 'nginx', true, [container]);
    assert.deepEqual(plan.deleted, []);
    assert.equal(plan.entries.length, 1);
    assert.equal(plan.entries[0]?.reference, undefined);
    assert.equal(plan.entries[0]?.imageId, digest('a'));
  });

  it('lets one of several names of a used image go without force', () => {
    const entries = [entry('nginx', 'a'), entry('other', 'a', { origin: 'tag' })];
    assert.deepEqual(remove(entries, 'other', false, [container]).untagged, ['other:latest']);
  });

  it('leaves other images alone', () => {
    const other = entry('web', 'b');
    assert.deepEqual(remove([entry('nginx', 'a'), other], 'nginx').entries, [other]);
  });
});

describe('naming an image', () => {
  it('leaves the former holder without a name', () => {
    const [old, fresh] = [entry('nginx', 'a'), entry('nginx', 'b')];
    const entries = nameImage([old], fresh);
    assert.deepEqual(
      entries.map(({ imageId, reference }) => [imageId, reference?.tag]),
      [
        [digest('a'), undefined],
        [digest('b'), 'latest'],
      ],
    );
  });

  it('forgets the former holder if another name leads to it', () => {
    const entries = nameImage(
      [entry('nginx', 'a'), entry('mine', 'a', { origin: 'tag' })],
      entry('nginx', 'b'),
    );
    assert.equal(entries.length, 2);
  });

  it('keeps the same name for another platform', () => {
    const arm = entry('nginx', 'b', { platform: 'linux/arm64' });
    assert.equal(nameImage([entry('nginx', 'a')], arm).length, 2);
  });

  it('gives a nameless image its name back', () => {
    const nameless = nameImage(nameImage([entry('nginx', 'a')], entry('nginx', 'b')), entry('nginx', 'a'));
    assert.deepEqual(nameless.filter(({ imageId }) => imageId === digest('a')).length, 1);
  });
});

describe('finding an image', () => {
  const entries = [entry('nginx', 'a'), entry('aa', 'b'), entry('docker.io/team/app:v1', 'c')];

  it('prefers a name to an ID prefix that reads the same', () => {
    assert.equal(findImage(entries, 'aa', HOST).image.id, digest('b'));
    assert.equal(findImage(entries, 'aaa', HOST).image.id, digest('a'));
  });

  it('ignores the tag beside a digest', () => {
    assert.equal(findImage(entries, `team/app:other@${digest('c')}`, HOST).image.id, digest('c'));
  });

  it('suggests names that were meant', () => {
    assert.throws(
      () => findImage(entries, 'ngnix', HOST),
      (error: { details: { near: string[] } }) => {
        assert.deepEqual(error.details.near, ['nginx:latest']);
        return true;
      },
    );
  });
});
