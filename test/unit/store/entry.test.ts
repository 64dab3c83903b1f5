import assert from 'node:assert/strict';
import { type Descriptor, type Digest, parseReference } from '@tinyd/core';
import { fromDescriptor, type ImageEntry, toDescriptor } from '../../../packages/store/dist/images/entry';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}` as Digest;

describe('an entry of index.json', () => {
  const entry: ImageEntry = {
    target: { mediaType: 'application/vnd.oci.image.index.v1+json', digest: DIGEST, size: 7 },
    reference: parseReference('nginx:1.27'),
    repository: 'docker.io/library/nginx',
    manifest: DIGEST,
    imageId: DIGEST,
    platform: 'linux/arm64',
    origin: 'pull',
    updated: '2026-01-02T03:04:05.678Z',
  };

  it('comes back as it was written', () => {
    assert.deepEqual(fromDescriptor(JSON.parse(JSON.stringify(toDescriptor(entry)))), entry);
    const { reference: _, ...nameless } = entry;
    assert.deepEqual(fromDescriptor(toDescriptor(nameless)), nameless);
  });

  it('has its canonical name where OCI tools look for it', () => {
    const { annotations } = toDescriptor(entry);
    assert.equal(annotations?.['org.opencontainers.image.ref.name'], 'docker.io/library/nginx:1.27');
  });

  it('carries nothing of the annotations that the registry sent', () => {
    const target = {
      ...entry.target,
      annotations: { 'io.tinyd.image.id': 'forged', x: 'y' },
      urls: ['http://x'],
    };
    assert.deepEqual(toDescriptor({ ...entry, target }), toDescriptor(entry));
  });

  it('is somebody else’s without valid digests', () => {
    const descriptor = toDescriptor(entry);
    for (const value of ['', 'sha256:../x', undefined]) {
      const annotations = { ...descriptor.annotations, 'io.tinyd.image.manifest': value } as Record<
        string,
        string
      >;
      assert.equal(fromDescriptor({ ...descriptor, annotations }), undefined);
    }
    assert.equal(fromDescriptor({ mediaType: 'x', digest: DIGEST, size: 1 } as Descriptor), undefined);
  });
});
