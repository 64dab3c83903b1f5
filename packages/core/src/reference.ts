import type { Digest } from './digest';

/** A parsed image name in its canonical form (the grammar of distribution/reference). */
export interface Reference {
  /** Registry label with optional port: `docker.io`, `127.0.0.1:5000`. Not necessarily the network host. */
  readonly domain: string;
  /** Repository path within the registry: `library/nginx`. */
  readonly path: string;
  /** `latest` when the name had neither tag nor digest. Undefined for a name that had a digest only. */
  readonly tag?: string;
  readonly digest?: Digest;
  /** True when the name had neither tag nor digest, and `latest` was supplied. */
  readonly tagIsImplied: boolean;
}
