import {
  type Descriptor,
  type Digest,
  formatReference,
  isDigest,
  parseReference,
  type Reference,
} from '@tinyd/core';

/** One descriptor of index.json: an image under one name, for one platform. */
export interface ImageEntry {
  /** What the name stood for in the registry: an index or a manifest. */
  readonly target: Descriptor;
  /** Canonical name. Undefined once the name went to another image. */
  readonly reference?: Reference;
  /** `docker.io/library/nginx`; outlives the name, as the REPOSITORY of a `<none>` row. */
  readonly repository?: string;
  /** The platform manifest that was chosen, so that offline reads need not choose again. */
  readonly manifest: Digest;
  /** Digest of the image's config. */
  readonly imageId: Digest;
  /** `linux/amd64`. */
  readonly platform: string;
  /** `pull`: the repository is known to hold this digest. `tag`: only the user says so. */
  readonly origin: 'pull' | 'tag';
  /** When the name was last given, ISO 8601. */
  readonly updated: string;
}

/** Where an OCI image layout keeps an image's name (image-spec annotations.md). */
export const REF_NAME = 'org.opencontainers.image.ref.name';

const KEYS = {
  repository: 'io.tinyd.image.repository',
  manifest: 'io.tinyd.image.manifest',
  imageId: 'io.tinyd.image.id',
  platform: 'io.tinyd.image.platform',
  origin: 'io.tinyd.image.origin',
  updated: 'io.tinyd.image.updated',
} as const;

/** The canonical repository of a reference. */
export function repositoryOf({ domain, path }: Reference): string {
  return `${domain}/${path}`;
}

/** True when both are the same name; a tag and a digest of one repository are different names. */
export function isNamed(entry: ImageEntry, reference: Reference): boolean {
  return entry.reference !== undefined && formatReference(entry.reference) === formatReference(reference);
}

/** The form of index.json. The image's own annotations are left out: none of them may look like one of ours. */
export function toDescriptor(entry: ImageEntry): Descriptor {
  const { mediaType, digest, size } = entry.target;
  return {
    mediaType,
    digest,
    size,
    annotations: {
      ...(entry.reference && { [REF_NAME]: formatReference(entry.reference) }),
      ...(entry.repository && { [KEYS.repository]: entry.repository }),
      [KEYS.manifest]: entry.manifest,
      [KEYS.imageId]: entry.imageId,
      [KEYS.platform]: entry.platform,
      [KEYS.origin]: entry.origin,
      [KEYS.updated]: entry.updated,
    },
  };
}

/** Reads a descriptor of index.json; undefined for one that another program put there. */
export function fromDescriptor(descriptor: Descriptor): ImageEntry | undefined {
  const notes = descriptor.annotations ?? {};
  const { [KEYS.manifest]: manifest, [KEYS.imageId]: imageId, [KEYS.platform]: platform } = notes;
  if (!isDigest(descriptor.digest) || !isDigest(manifest) || !isDigest(imageId)) return undefined;
  const name = notes[REF_NAME];
  const repository = notes[KEYS.repository];
  const { mediaType, digest, size } = descriptor;
  return {
    target: { mediaType, digest, size },
    ...(name !== undefined && { reference: parseReference(name) }),
    ...(repository !== undefined && { repository }),
    manifest,
    imageId,
    platform: platform ?? 'unknown',
    origin: notes[KEYS.origin] === 'pull' ? 'pull' : 'tag',
    updated: notes[KEYS.updated] ?? new Date(0).toISOString(),
  };
}
