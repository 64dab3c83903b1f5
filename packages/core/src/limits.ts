/** Bounds on what a registry may send; larger documents are refused unread. */
export const LIMITS = {
  /** Bytes of a manifest or index (containerd draws the line at the same place). */
  manifestBytes: 4 * 1024 * 1024,
  /** Bytes of an image config. */
  configBytes: 8 * 1024 * 1024,
  /** Entries of an index. */
  indexEntries: 10_000,
  /** Layers of a manifest. */
  layers: 1000,
  /** Indexes within indexes. */
  indexDepth: 3,
} as const;
