import {
  choosePlatform,
  type Descriptor,
  formatPlatform,
  type ImageConfig,
  type ImageManifest,
  invalidDocument,
  isTinydError,
  LIMITS,
  type ManifestDocument,
  type Platform,
  parseImageConfig,
  parseManifestDocument,
  platformOf,
  TinydError,
} from '@tinyd/core';
import { findDocument } from '../content/document';
import { matchesDigest } from '../content/verify';
import type { PulledDocument, PullSession } from './session';

/** What a reference turned out to be. */
export interface ResolvedImage {
  /** What the name stands for: an index or a manifest. */
  readonly target: Descriptor;
  /** The manifest that was chosen. */
  readonly manifestDescriptor: Descriptor;
  readonly manifest: ImageManifest;
  /** Every document on the way from target to manifest. */
  readonly documents: readonly PulledDocument[];
}

interface ReadDocument {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
  readonly parsed: ManifestDocument;
}

/**
 * Finds the manifest that a reference and a platform stand for. Documents that the store has are not fetched.
 *
 * Costs a HEAD (registries do not count it as a pull), and a GET by digest for each document that is new.
 */
export async function resolveImage(session: PullSession): Promise<ResolvedImage> {
  const documents: PulledDocument[] = [];
  let current = await readTarget(session);
  const target = current.descriptor;
  for (let depth = 0; ; depth++) {
    documents.push({ digest: current.descriptor.digest, bytes: current.bytes });
    if (current.parsed.kind === 'manifest') {
      const manifest = current.parsed.document;
      return { target, manifestDescriptor: current.descriptor, manifest, documents };
    }
    if (depth === LIMITS.indexDepth) {
      throw invalidDocument(
        'image index',
        `it leads to indexes nested deeper than ${LIMITS.indexDepth} levels`,
      );
    }
    const child = choosePlatform(current.parsed.document.manifests, session.options.platform);
    current = await readChild(session, child);
  }
}

/** Reads the config of an image, from the store if it is there. */
export async function readImageConfig(
  session: PullSession,
  descriptor: Descriptor,
): Promise<{ readonly config: ImageConfig; readonly document: PulledDocument }> {
  const { digest } = descriptor;
  const bytes = findDocument(session.layout, digest) ?? (await fetchConfig(session, descriptor));
  assertContent(descriptor, bytes, 'image config');
  return { config: parseImageConfig(bytes), document: { digest, bytes } };
}

/**
 * Compares what an image says it is for with what was asked for.
 *
 * Fails with ERR_TINYD_PLATFORM_UNAVAILABLE if the user asked; warns otherwise.
 *
 * @returns the image's platform.
 */
export function checkPlatform(session: PullSession, image: ResolvedImage, config: ImageConfig): Platform {
  const { os, architecture, variant } = config;
  const platform = { os, architecture, ...(variant && { variant }) };
  const { mediaType, digest, size } = image.manifestDescriptor;
  try {
    choosePlatform([{ mediaType, digest, size, platform }], session.options.platform);
  } catch (error) {
    if (session.options.explicitPlatform || !isTinydError(error)) throw error;
    const wanted = formatPlatform(session.options.platform);
    session.warn(`the image is for ${formatPlatform(platform)}, not for ${wanted}`);
  }
  return platformOf(platform) ?? platform;
}

async function readTarget(session: PullSession): Promise<ReadDocument> {
  const { reference } = session;
  if (reference.digest !== undefined) {
    const bytes = findDocument(session.layout, reference.digest);
    if (bytes !== undefined) {
      const parsed = parseManifestDocument(bytes);
      const descriptor = { mediaType: parsed.mediaType, digest: reference.digest, size: bytes.length };
      return { descriptor, bytes, parsed };
    }
  }
  const descriptor =
    reference.digest === undefined ? await session.source.resolve(reference, session.call()) : undefined;
  return descriptor ? readChild(session, descriptor) : checked(await session.fetchManifest(undefined));
}

async function readChild(session: PullSession, descriptor: Descriptor): Promise<ReadDocument> {
  if (descriptor.size > LIMITS.manifestBytes) {
    throw invalidDocument(
      'image manifest',
      `it has ${descriptor.size} bytes, more than ${LIMITS.manifestBytes}`,
    );
  }
  const bytes = embedded(descriptor) ?? findDocument(session.layout, descriptor.digest);
  return checked(bytes ? { descriptor, bytes } : await session.fetchManifest(descriptor), descriptor);
}

/** A descriptor may carry its content (image-spec descriptor.md, "data"). Unverified. */
function embedded({ data, digest }: Descriptor): Buffer | undefined {
  const bytes = data === undefined ? undefined : Buffer.from(data, 'base64');
  return bytes && matchesDigest(bytes, digest) ? bytes : undefined;
}

function checked(
  { descriptor, bytes }: { readonly descriptor: Descriptor; readonly bytes: Uint8Array },
  asked = descriptor,
): ReadDocument {
  assertContent({ ...descriptor, digest: asked.digest, size: asked.size }, bytes, 'image manifest');
  const parsed = parseManifestDocument(bytes, descriptor.mediaType);
  const { digest, size } = asked;
  return { descriptor: { mediaType: parsed.mediaType, digest, size }, bytes, parsed };
}

/** A damaged config is asked for again where there is another server. */
async function fetchConfig(session: PullSession, descriptor: Descriptor): Promise<Buffer> {
  const bytes = await fetchSmallBlob(session, descriptor);
  if (matchesDigest(bytes, descriptor.digest)) return bytes;
  const hasOtherServer = session.source.distrust(session.reference, descriptor);
  return hasOtherServer ? fetchSmallBlob(session, descriptor) : bytes;
}

async function fetchSmallBlob(session: PullSession, descriptor: Descriptor): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of session.source.fetchBlob(session.reference, descriptor, session.call())) {
    length += chunk.length;
    session.bytesFetched += chunk.length;
    if (length > descriptor.size) throw wrongSize(descriptor, 'more', 'image config');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function assertContent(descriptor: Descriptor, bytes: Uint8Array, what: string): void {
  if (bytes.length !== descriptor.size) throw wrongSize(descriptor, String(bytes.length), what);
  if (matchesDigest(bytes, descriptor.digest)) return;
  throw new TinydError(
    'ERR_TINYD_CONTENT_DIGEST',
    `cannot use ${what} ${descriptor.digest}: its content is another`,
    {
      hint: 'the registry or a mirror serves damaged content: try another one, or later',
      details: { digest: descriptor.digest },
    },
  );
}

function wrongSize({ digest, size }: Descriptor, actual: string, what: string): TinydError {
  return new TinydError(
    'ERR_TINYD_CONTENT_SIZE',
    `cannot use ${what} ${digest}: it has ${actual} bytes instead of ${size}`,
    {
      hint: 'the registry or a mirror serves damaged content: try another one, or later',
      details: { digest, size },
    },
  );
}
