import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import {
  type BlobCall,
  type Descriptor,
  type Digest,
  digestAlgorithm,
  digestHex,
  type FetchedDocument,
  formatReference,
  type ImageSource,
  LIMITS,
  parseManifestDocument,
  type Reference,
  type SourceCall,
  TinydError,
} from '@tinyd/core';
import { messageOf } from '../system-error';
import type { ArchiveContent } from './archive-content';

/** An image archive as a place to pull from. */
export class ArchiveSource implements ImageSource {
  readonly #content: ArchiveContent;

  constructor(content: ArchiveContent) {
    this.#content = content;
  }

  async resolve(reference: Reference, { signal }: SourceCall = {}): Promise<Descriptor | undefined> {
    signal?.throwIfAborted();
    if (reference.digest !== undefined) return this.#fetch(reference, reference.digest).descriptor;
    const { mediaType, digest, size } = this.#named(reference);
    return { mediaType, digest, size };
  }

  async fetchManifest(
    reference: Reference,
    descriptor: Descriptor | undefined,
    { signal }: SourceCall = {},
  ): Promise<FetchedDocument> {
    signal?.throwIfAborted();
    const wanted = descriptor ?? (reference.digest === undefined ? this.#named(reference) : undefined);
    return this.#fetch(reference, wanted?.digest ?? reference.digest, wanted);
  }

  async *fetchBlob(
    reference: Reference,
    descriptor: Descriptor,
    { signal, offset = 0 }: BlobCall = {},
  ): AsyncGenerator<Uint8Array> {
    const { digest, size } = descriptor;
    signal?.throwIfAborted();
    const made = this.#content.documents.get(digest);
    if (made !== undefined) return yield made.subarray(offset);
    const file = this.#content.blob(digest);
    if (file === undefined) throw this.#lacks(reference, digest);
    if (file.size !== size)
      throw this.#damaged('ERR_TINYD_CONTENT_SIZE', digest, `has ${file.size} bytes, not ${size}`);
    if (offset === size) return;
    try {
      yield* createReadStream(file.path, { start: offset, end: size - 1, ...(signal && { signal }) });
    } catch (error) {
      signal?.throwIfAborted();
      throw new TinydError('ERR_TINYD_SYSTEM', `cannot read ${this.#content.label}: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  /** What a file holds, it will hold when it is asked again. */
  distrust(): boolean {
    return false;
  }

  quota(): undefined {
    return undefined;
  }

  servedBy(): string {
    return `archive:${this.#content.label}`;
  }

  #named(reference: Reference): Descriptor {
    const name = formatReference(reference);
    const found = this.#content.images.find(({ names }) =>
      names.some(each => formatReference(each) === name),
    );
    if (found === undefined) throw this.#lacks(reference, name);
    return found.target;
  }

  #fetch(reference: Reference, digest: Digest | undefined, wanted?: Descriptor): FetchedDocument {
    const bytes = digest === undefined ? undefined : this.#bytesOf(digest);
    if (digest === undefined || bytes === undefined)
      throw this.#lacks(reference, digest ?? formatReference(reference));
    if (wanted !== undefined && wanted.size !== bytes.length) {
      throw this.#damaged('ERR_TINYD_CONTENT_SIZE', digest, `has ${bytes.length} bytes, not ${wanted.size}`);
    }
    if (createHash(digestAlgorithm(digest)).update(bytes).digest('hex') !== digestHex(digest)) {
      throw this.#damaged('ERR_TINYD_CONTENT_DIGEST', digest, 'holds something else');
    }
    const { mediaType } = parseManifestDocument(bytes, wanted?.mediaType);
    return { descriptor: { mediaType, digest, size: bytes.length }, bytes };
  }

  #bytesOf(digest: Digest): Uint8Array | undefined {
    const made = this.#content.documents.get(digest);
    const file = this.#content.blob(digest);
    if (made !== undefined || file === undefined) return made;
    if (file.size <= LIMITS.manifestBytes) return readFileSync(file.path);
    throw this.#damaged(
      'ERR_TINYD_CONTENT_SIZE',
      digest,
      `has ${file.size} bytes, more than ${LIMITS.manifestBytes}`,
    );
  }

  #lacks(reference: Reference, what: string): TinydError {
    return new TinydError('ERR_TINYD_REGISTRY_NOT_FOUND', `${this.#content.label} does not hold ${what}`, {
      hint: 'the archive is not complete: have it written again',
      details: { reference: formatReference(reference) },
    });
  }

  #damaged(
    code: 'ERR_TINYD_CONTENT_SIZE' | 'ERR_TINYD_CONTENT_DIGEST',
    digest: Digest,
    how: string,
  ): TinydError {
    return new TinydError(code, `cannot use ${digest} of ${this.#content.label}: it ${how}`, {
      hint: 'the archive is damaged: have it written again',
      details: { digest },
    });
  }
}
