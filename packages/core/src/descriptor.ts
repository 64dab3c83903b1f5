import type { Digest } from './digest';

/** Points at content: what it is, how to verify it, how long it is (image-spec descriptor.md). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Where else the content may be had: foreign layers. Used only when asked for. */
  readonly urls?: readonly string[];
  readonly platform?: PlatformFields;
  readonly artifactType?: string;
  /** The content itself, base64. */
  readonly data?: string;
}

/** The platform of an index entry as it stands in the document, not normalised (image-spec image-index.md). */
export interface PlatformFields {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly 'os.version'?: string;
  readonly 'os.features'?: readonly string[];
}
