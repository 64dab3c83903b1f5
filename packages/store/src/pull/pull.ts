import {
  type ErrorCode,
  familiarName,
  formatReference,
  type ImageSource,
  isTinydError,
  type Reference,
  TinydError,
} from '@tinyd/core';
import { type ImageEntry, isNamed, repositoryOf } from '../images/entry';
import { updateIndex } from '../images/index-file';
import { nameImage, withoutDisplayTag } from '../images/naming';
import { removeAbandoned, removeUnfinished } from '../layers/unfinished';
import type { StoreLayout } from '../layout';
import { prepareRoot } from '../root-folder';
import { pullContent } from './content';
import type { PullOptions, PullResult } from './events';
import { PullLease, removeLeases } from './lease';
import { type ResolvedImage, resolveImage } from './resolve-image';
import { PullSession } from './session';

/**
 * Brings an image into the store: HEAD, documents by digest, then config and layers at once.
 *
 * After a failure, a cancellation or a kill nothing is visible, and what arrived is not fetched again.
 */
export async function pullImage(
  layout: StoreLayout,
  source: ImageSource,
  name: Reference,
  options: PullOptions,
): Promise<PullResult> {
  const reference = withoutDisplayTag(name);
  const session = new PullSession(layout, source, reference, options);
  await prepareRoot(layout);
  await removeAbandoned(layout);
  const lease = PullLease.open(layout);
  try {
    const image = await resolveImage(session);
    session.emit({ type: 'resolved', digest: image.target.digest });
    const pulled = await pullContent(session, lease, image);
    const isNew = await recordImage(session, image, pulled.platform);
    lease.end();
    removeLeases(layout, lease => ['', formatReference(reference)].includes(lease.reference));
    const quota = source.quota(reference);
    return {
      reference: formatReference(name),
      digest: image.target.digest,
      imageId: image.manifest.config.digest,
      status: isNew || pulled.isNew ? 'downloaded' : 'up-to-date',
      bytesFetched: session.bytesFetched,
      ...(quota && { quota }),
      warnings: session.warnings,
    };
  } catch (error) {
    lease.abandon();
    throw options.signal?.aborted ? cancelled(reference, error) : naming(reference, error);
  } finally {
    await removeUnfinished(layout, lease.id);
  }
}

/** @returns true when the name did not stand for this image before. */
async function recordImage(session: PullSession, image: ResolvedImage, platform: string): Promise<boolean> {
  const { reference, layout } = session;
  const entry: ImageEntry = {
    target: image.target,
    reference,
    repository: repositoryOf(reference),
    manifest: image.manifestDescriptor.digest,
    imageId: image.manifest.config.digest,
    platform,
    origin: 'pull',
    updated: new Date().toISOString(),
  };
  const isSame = (other: ImageEntry) =>
    isNamed(other, reference) &&
    other.platform === platform &&
    other.origin === 'pull' &&
    other.manifest === entry.manifest &&
    other.target.digest === entry.target.digest;
  let isNew = true;
  await updateIndex(layout, index => {
    isNew = !index.entries.some(isSame);
    return isNew ? { ...index, entries: nameImage(index.entries, entry) } : undefined;
  });
  return isNew;
}

/** Of failures of content, which do not know what name it was fetched for. */
const NAMELESS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ERR_TINYD_DOCUMENT_INVALID',
  'ERR_TINYD_PLATFORM_UNAVAILABLE',
  'ERR_TINYD_SCHEMA1_UNSUPPORTED',
  'ERR_TINYD_NOT_AN_IMAGE',
  'ERR_TINYD_CONTENT_DIGEST',
  'ERR_TINYD_CONTENT_SIZE',
  'ERR_TINYD_LAYER_INVALID',
  'ERR_TINYD_LAYER_ESCAPE',
  'ERR_TINYD_LAYER_COMPRESSION',
  'ERR_TINYD_LAYER_ENCRYPTED',
]);

function naming(reference: Reference, error: unknown): unknown {
  if (!isTinydError(error) || !NAMELESS.has(error.code) || error.details.reference !== undefined)
    return error;
  const { code, message, hint, details, cleanupErrors } = error;
  return new TinydError(code, `cannot pull ${familiarName(reference)}: ${message}`, {
    ...(hint === undefined ? {} : { hint }),
    details: { ...details, reference: formatReference(reference) },
    cleanupErrors,
    cause: error,
  });
}

function cancelled(reference: Reference, cause: unknown): TinydError {
  if (isTinydError(cause) && cause.code === 'ERR_TINYD_CANCELLED') return cause;
  return new TinydError('ERR_TINYD_CANCELLED', `pull of ${formatReference(reference)} was cancelled`, {
    cause,
    hint: 'pull again to go on where it stopped',
  });
}
