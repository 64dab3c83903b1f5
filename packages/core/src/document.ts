import type { Descriptor } from './descriptor';
import { TinydError } from './errors';
import { imageIndex, imageManifest } from './generated/validators';
import { invalidDocument, parseJson } from './json';
import { LIMITS } from './limits';
import type { ImageIndex, ImageManifest } from './manifest';
import { isIndexType, isLayerType, isManifestType, MEDIA_TYPES } from './media-types';
import { type CompiledValidator, validated } from './validate';

/** What a manifest request brought: one image, or a list of images. `mediaType` is what it turned out to be. */
export type ManifestDocument =
  | { readonly kind: 'index'; readonly mediaType: string; readonly document: ImageIndex }
  | { readonly kind: 'manifest'; readonly mediaType: string; readonly document: ImageManifest };

/** Types that servers send when they do not know: the document itself tells then. */
const GENERIC_TYPES = new Set(['', 'text/plain', 'application/json', 'application/octet-stream']);
const CONFIG_TYPES: ReadonlySet<string> = new Set([
  MEDIA_TYPES.ociConfig,
  MEDIA_TYPES.dockerConfig,
  // Some old clients pushed configs like this.
  'application/octet-stream',
]);

/**
 * Reads an image manifest or index, of OCI or docker, and makes sure that it is only one of the two (CVE-2021-41190).
 *
 * @param mediaType the Content-Type or descriptor it came with; where both it and the document name a type, they must agree.
 *
 * Fails with ERR_TINYD_DOCUMENT_INVALID, ERR_TINYD_SCHEMA1_UNSUPPORTED, ERR_TINYD_NOT_AN_IMAGE or
 * ERR_TINYD_LAYER_ENCRYPTED.
 */
export function parseManifestDocument(bytes: Uint8Array, mediaType?: string): ManifestDocument {
  const value = parseJson(bytes, 'image manifest', LIMITS.manifestBytes);
  if (typeof value !== 'object' || value === null)
    throw invalidDocument('image manifest', 'it is no JSON object');
  const keys = value as Readonly<Record<string, unknown>>;
  const type = effectiveType(keys, mediaType);

  if (isIndexType(type)) {
    const document = validated<ImageIndex>(imageIndex as CompiledValidator, value, 'image index');
    return { kind: 'index', mediaType: type, document };
  }
  const document = validated<ImageManifest>(imageManifest as CompiledValidator, value, 'image manifest');
  assertImage(document);
  return { kind: 'manifest', mediaType: type, document };
}

/** The one type that header, `mediaType` key and shape of a document agree on. */
function effectiveType(keys: Readonly<Record<string, unknown>>, mediaType: string | undefined): string {
  const sent = bareType(mediaType ?? '');
  const header = GENERIC_TYPES.has(sent) ? undefined : sent;
  const own = typeof keys.mediaType === 'string' ? keys.mediaType : undefined;

  const isSchema1 = (type?: string) => type === MEDIA_TYPES.schema1 || type === MEDIA_TYPES.schema1Signed;
  const is1 = keys.schemaVersion === 1 || isSchema1(header) || isSchema1(own);
  const hasIndexKeys = keys.manifests !== undefined;
  const hasManifestKeys = keys.layers !== undefined || keys.config !== undefined;
  if (hasIndexKeys && (hasManifestKeys || keys.fsLayers !== undefined)) {
    throw invalidDocument('image manifest', 'it is a manifest and an index at once');
  }
  if (is1 || (keys.fsLayers !== undefined && !hasManifestKeys)) {
    throw new TinydError(
      'ERR_TINYD_SCHEMA1_UNSUPPORTED',
      'cannot use a docker schema 1 image: the format was retired',
      {
        hint: 'rebuild the image, or convert it with skopeo copy --format oci',
      },
    );
  }
  if (header !== undefined && own !== undefined && header !== own) {
    throw invalidDocument('image manifest', `it was sent as ${shown(header)} and calls itself ${shown(own)}`);
  }
  const type = header ?? own ?? (hasIndexKeys ? MEDIA_TYPES.ociIndex : MEDIA_TYPES.ociManifest);
  if (!isIndexType(type) && !isManifestType(type)) throw notAnImage(`its type is ${shown(type)}`, type);
  if (isIndexType(type) ? hasManifestKeys : hasIndexKeys) {
    throw invalidDocument('image manifest', `its content does not fit its type ${shown(type)}`);
  }
  return type;
}

/** Refuses artifacts and what tinyd cannot unpack: charts, signatures, attestations, plugins, encrypted layers. */
function assertImage(manifest: ImageManifest): void {
  if (!CONFIG_TYPES.has(manifest.config.mediaType)) {
    const artifactType = manifest.artifactType ?? manifest.config.mediaType;
    throw notAnImage(`it is an OCI artifact of type ${shown(artifactType)}`, artifactType);
  }
  if (manifest.config.size > LIMITS.configBytes) {
    throw invalidDocument(
      'image manifest',
      `its config has ${manifest.config.size} bytes, more than ${LIMITS.configBytes}`,
    );
  }
  for (const layer of manifest.layers) assertLayer(layer);
}

function assertLayer({ mediaType, digest }: Descriptor): void {
  if (mediaType.endsWith('+encrypted')) {
    throw new TinydError('ERR_TINYD_LAYER_ENCRYPTED', `cannot unpack layer ${digest}: it is encrypted`, {
      hint: 'decrypt the image with skopeo copy --decryption-key first',
      details: { digest },
    });
  }
  if (!isLayerType(mediaType)) throw notAnImage(`its layers are of type ${shown(mediaType)}`, mediaType);
}

function notAnImage(reason: string, artifactType: string): TinydError {
  return new TinydError('ERR_TINYD_NOT_AN_IMAGE', `not a container image: ${reason}`, {
    details: { artifactType },
  });
}

/** A Content-Type without its parameters. */
function bareType(contentType: string): string {
  return contentType.split(';', 1).join('').trim().toLowerCase();
}

function shown(mediaType: string): string {
  const printable = mediaType.replace(/[^\x20-\x7e]/g, '?');
  return printable.length > 100 ? `${printable.slice(0, 97)}...` : printable;
}
