import { type Digest, formatReference, type Reference } from '@tinyd/core';
import type { ArchiveContent } from './archive-content';
import type { ArchiveFiles } from './archive-files';
import { type DockerImage, isDockerArchive, readDockerArchive, readDockerImages } from './docker-archive';
import { invalidArchive, shown } from './invalid-archive';
import { isOciLayout, reachableConfigs, readOciLayout } from './oci-layout';

/**
 * Understands an image archive: an OCI image layout, docker's format, or both in one, as docker writes since version 25.
 *
 * An archive with both has to say the same twice: otherwise two readers of one file would see different images.
 *
 * Fails with ERR_TINYD_ARCHIVE_INVALID or ERR_TINYD_DOCUMENT_INVALID.
 */
export function readImageArchive(files: ArchiveFiles): ArchiveContent {
  if (!isOciLayout(files)) {
    if (isDockerArchive(files)) return readDockerArchive(files);
    throw invalidArchive(files.label, 'it has neither a manifest.json nor an OCI layout');
  }
  const content = readOciLayout(files);
  if (isDockerArchive(files)) assertAgreement(content, readDockerImages(files));
  if (content.images.length === 0) throw invalidArchive(files.label, 'it lists no images');
  return content;
}

function assertAgreement(content: ArchiveContent, dockerImages: readonly DockerImage[]): void {
  const { label, images } = content;
  const configs = images.map(image => ({ image, reachable: reachableConfigs(content, image) }));
  for (const { imageId } of dockerImages) {
    if (!configs.some(({ reachable }) => reachable.has(imageId)))
      throw invalidArchive(label, 'its manifest.json and its index.json list different images');
  }
  const byDocker = namesOf(dockerImages.map(({ names, imageId }) => ({ names, ids: [imageId] })));
  const byLayout = namesOf(
    configs.map(({ image, reachable }) => ({ names: image.names, ids: [...reachable] })),
  );
  for (const name of new Set([...byDocker.keys(), ...byLayout.keys()])) {
    const ids = byLayout.get(name);
    const isSame = byDocker.get(name)?.every(id => ids?.includes(id)) ?? false;
    if (!isSame)
      throw invalidArchive(label, `its manifest.json and its index.json disagree about ${shown(name)}`);
  }
}

function namesOf(
  images: readonly { readonly names: readonly Reference[]; readonly ids: readonly Digest[] }[],
): Map<string, Digest[]> {
  const byName = new Map<string, Digest[]>();
  for (const { names, ids } of images) {
    for (const reference of names) {
      const name = formatReference(reference);
      byName.set(name, [...(byName.get(name) ?? []), ...ids]);
    }
  }
  return byName;
}
