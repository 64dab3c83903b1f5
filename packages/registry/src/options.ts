import { arch } from 'node:process';
import { hostPlatform } from '@tinyd/core';
import type { CredentialsLookup } from './auth/credentials';
import { dockerCredentials } from './auth/docker-credentials';
import { REGISTRIES_FILE } from './config/registries';
import type { Environment } from './http/proxy';
import { DEFAULT_RETRY, type RetryPolicy } from './http/retry';
import { CERTS_DIRS } from './http/trust';

/** Set-up of a registry client; everything has a default. */
export interface RegistryClientOptions {
  /** Default: `process.env`. */
  readonly env?: Environment;
  /** Default: /etc/tinyd/registries.json. */
  readonly configPath?: string;
  /** Mirrors before all others, each `HOST=URL`. */
  readonly mirrors?: readonly string[];
  /** Folders with a folder of certificates per registry. Default: docker's and podman's. */
  readonly certsDirs?: readonly string[];
  /** Default: what `docker login` stored. */
  readonly credentials?: CredentialsLookup;
  /** Default: `tinyd/<version> (linux; <architecture>)`. */
  readonly userAgent?: string;
  readonly connectTimeoutMs?: number;
  /** Longest silence of a server before the transfer is started again where it stopped. */
  readonly stallTimeoutMs?: number;
  /** Default: 8. */
  readonly connectionsPerOrigin?: number;
  readonly retry?: Partial<RetryPolicy>;
  /** Fetch foreign layers from the addresses in their descriptors, without credentials. Default: false. */
  readonly foreignUrls?: boolean;
}

/** The options with every default filled in. */
export type CompleteOptions = Required<Omit<RegistryClientOptions, 'retry'>> & {
  readonly retry: RetryPolicy;
};

/** Fills in the defaults. What goes wrong while credentials are looked up is told to `onWarning`. */
export function withDefaults(
  options: RegistryClientOptions,
  onWarning: (text: string) => void,
): CompleteOptions {
  const env = options.env ?? process.env;
  return {
    env,
    configPath: options.configPath ?? REGISTRIES_FILE,
    mirrors: options.mirrors ?? [],
    certsDirs: options.certsDirs ?? CERTS_DIRS,
    credentials: options.credentials ?? dockerCredentials(env, onWarning),
    userAgent: options.userAgent ?? `tinyd (linux; ${hostPlatform(arch, '').architecture})`,
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    stallTimeoutMs: options.stallTimeoutMs ?? 30_000,
    connectionsPerOrigin: options.connectionsPerOrigin ?? 8,
    retry: { ...DEFAULT_RETRY, ...options.retry },
    foreignUrls: options.foreignUrls ?? false,
  };
}
