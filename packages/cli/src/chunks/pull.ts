import { RegistryClient } from '@tinyd/registry';

/** Loaded on demand: the HTTP client is larger than all that a local command needs. */

/** A client for all registries, with `HOST=URL` mirrors before those of the configuration. */
export function openRegistry(mirrors: readonly string[]): RegistryClient {
  return new RegistryClient({ mirrors });
}
