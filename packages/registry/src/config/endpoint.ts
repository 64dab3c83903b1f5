import type { TrustSettings } from '../http/trust';

/** One server that a registry's content may be had from: the registry itself, or a mirror of it. */
export interface Endpoint {
  /** For messages: `docker.io`, or the mirror's URL. */
  readonly name: string;
  /** Scheme, host and port. */
  readonly base: URL;
  /** Tried when `base` turns out not to speak plain HTTP: a registry on loopback may do either. */
  readonly alternative?: URL;
  /** Goes in front of repository paths, with a slash at its end; empty as a rule. */
  readonly pathPrefix: string;
  readonly isMirror: boolean;
  /** True for a mirror that is not asked what a tag stands for. */
  readonly digestOnly: boolean;
  /** The name that credentials are looked up by. */
  readonly credentialsKey: string;
  /** False where they would travel unencrypted without anybody having said so. */
  readonly mayUseCredentials: boolean;
  readonly trust: TrustSettings;
  /** The token server, where it is known before the first 401: saves asking in vain. */
  readonly tokenServer?: { readonly url: URL; readonly service: string };
}
