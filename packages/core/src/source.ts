import type { Descriptor } from './descriptor';
import type { Reference } from './reference';

/** What a registry says about the caller's remaining pulls (docker.io's ratelimit-* headers). */
export interface PullQuota {
  readonly limit: number;
  readonly remaining: number;
  /** Length of the window the numbers speak of. */
  readonly windowSeconds: number;
  /** The address or account the registry counts by, where it says so. */
  readonly source?: string;
  readonly anonymous: boolean;
}

/** A manifest or index whose digest and size were verified. */
export interface FetchedDocument {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/** Something a source wants its user to know while a call goes on. */
export type SourceNotice =
  | {
      readonly type: 'retry';
      readonly url: string;
      readonly attempt: number;
      readonly delayMs: number;
      readonly reason: string;
    }
  | { readonly type: 'mirror-failed'; readonly mirror: string; readonly reason: string }
  | { readonly type: 'warning'; readonly text: string };

/** Options of every call of an {@link ImageSource}. */
export interface SourceCall {
  readonly signal?: AbortSignal;
  readonly onNotice?: (notice: SourceNotice) => void;
}

/**
 * Where images come from: what the store needs of any registry.
 *
 * Implementations verify digests and sizes of documents, retry and resume by themselves, and report failures
 * as TinydError with an ERR_TINYD_REGISTRY_… or ERR_TINYD_CONTENT_… code.
 */
export interface ImageSource {
  /**
   * Finds what a reference stands for now, without fetching it (a HEAD, which registries do not count as a pull).
   * Undefined when the registry answers without digest or size: the caller then fetches.
   */
  resolve(reference: Reference, call?: SourceCall): Promise<Descriptor | undefined>;

  /** Fetches the manifest or index of a reference, or the one that `descriptor` names in the same repository. */
  fetchManifest(
    reference: Reference,
    descriptor: Descriptor | undefined,
    call?: SourceCall,
  ): Promise<FetchedDocument>;

  /**
   * Streams a blob from byte `offset` on to its end: exactly `descriptor.size - offset` bytes, in order.
   *
   * Dropped connections, stalls and servers that ignore Range are handled inside: the consumer just appends.
   * The digest is not verified here, since the consumer may hold the first bytes already.
   */
  fetchBlob(reference: Reference, descriptor: Descriptor, call?: BlobCall): AsyncIterable<Uint8Array>;

  /**
   * Tells that the whole of what {@link fetchBlob} yielded for a descriptor had another digest. The mirrors that served
   * it are not used again.
   *
   * @returns true when fetching again, from byte 0, will ask somebody else.
   */
  distrust(reference: Reference, descriptor: Descriptor): boolean;

  /** The quota last seen for this reference's registry, if it told one. */
  quota(reference: Reference): PullQuota | undefined;

  /** The origin (scheme, host, port) that last served this reference's content, for the record. */
  servedBy(reference: Reference): string | undefined;
}

/** Options of {@link ImageSource.fetchBlob}. */
export interface BlobCall extends SourceCall {
  readonly offset?: number;
  /** Told of memory that held a chunk and holds nothing else, once the next chunk is asked for. */
  readonly onConsumed?: (memory: ArrayBuffer) => void;
}
