import type { Digest, HostPlatform, Platform, PullQuota, SourceNotice } from '@tinyd/core';

/** What a pull tells while it goes on. Layers are named by the digest of their blob. */
export type PullEvent =
  /** The reference stands for this digest now. */
  | { readonly type: 'resolved'; readonly digest: Digest }
  /** The blobs of the image's layers, bottom first, each digest once. Sizes in bytes. */
  | {
      readonly type: 'layers';
      readonly layers: readonly { readonly digest: Digest; readonly size: number }[];
    }
  | LayerEvent
  | { readonly type: 'notice'; readonly notice: SourceNotice };

/** Where one layer is. `bytes` counts blob bytes, of `size`. */
export interface LayerEvent {
  readonly type: 'layer';
  readonly digest: Digest;
  /**
   * `waiting`: for a free connection, or (with `elsewhere`) for another process that downloads the same blob.
   * `retrying`: what arrived was not what was asked for and is fetched again.
   * `exists`: nothing to do. `done`: unpacked, verified and durable.
   */
  readonly status: 'waiting' | 'downloading' | 'unpacking' | 'retrying' | 'exists' | 'done';
  readonly bytes: number;
  readonly size: number;
  /** Another process is at work on it. */
  readonly elsewhere?: boolean;
}

/** How an image is pulled. */
export interface PullOptions {
  readonly platform: Platform | HostPlatform;
  /** The user asked for this platform: an image of another one is an error, not a warning. */
  readonly explicitPlatform: boolean;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: PullEvent) => void;
}

/** What a pull brought. */
export interface PullResult {
  /** Canonical name. */
  readonly reference: string;
  /** What the name stands for: digest of an index or a manifest. */
  readonly digest: Digest;
  readonly imageId: Digest;
  /** `up-to-date`: the name stood for this image already and nothing had to be fetched. */
  readonly status: 'downloaded' | 'up-to-date';
  /** Blob and document bytes that came over the network. */
  readonly bytesFetched: number;
  readonly quota?: PullQuota;
  readonly warnings: readonly string[];
}
