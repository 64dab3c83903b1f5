import type { Digest } from '@tinyd/core';

/** A document as it is served: manifest or index. */
export interface ServedDocument {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** A blob in memory, or a file that holds it. */
export type ServedBlob = Uint8Array | { readonly path: string; readonly size: number };

/** Everything one image consists of. */
export interface ImageContent {
  /** The manifest or index that stands for the whole image. */
  readonly root: Digest;
  /** Manifests and indexes. */
  readonly documents: ReadonlyMap<Digest, ServedDocument>;
  /** Configs and layers. */
  readonly blobs: ReadonlyMap<Digest, ServedBlob>;
}

/** An image under the name that it is served by. */
export interface ServedImage {
  /** `library/demo`. */
  readonly repository: string;
  readonly tag: string;
  readonly content: ImageContent;
}

interface Repository {
  readonly tags: Map<string, Digest>;
  readonly documents: Map<Digest, ServedDocument>;
  readonly blobs: Map<Digest, ServedBlob>;
}

/** What a server holds, by repository. */
export class Repositories {
  readonly #repositories = new Map<string, Repository>();

  /** Adds an image, and moves the tag if it stood for another. */
  add({ repository: name, tag, content }: ServedImage): void {
    const repository = this.#repositories.get(name) ?? {
      tags: new Map(),
      documents: new Map(),
      blobs: new Map(),
    };
    this.#repositories.set(name, repository);
    repository.tags.set(tag, content.root);
    for (const [digest, document] of content.documents) repository.documents.set(digest, document);
    for (const [digest, blob] of content.blobs) repository.blobs.set(digest, blob);
  }

  has(repository: string): boolean {
    return this.#repositories.has(repository);
  }

  /** @param name a tag or digest. */
  document(repository: string, name: string): { digest: Digest; document: ServedDocument } | undefined {
    const found = this.#repositories.get(repository);
    const digest = found?.tags.get(name) ?? (name as Digest);
    const document = found?.documents.get(digest);
    return document && { digest, document };
  }

  blob(repository: string, digest: string): ServedBlob | undefined {
    return this.#repositories.get(repository)?.blobs.get(digest as Digest);
  }

  /** In lexical order, as registries list them. */
  tags(repository: string): string[] {
    return [...(this.#repositories.get(repository)?.tags.keys() ?? [])].sort();
  }
}
