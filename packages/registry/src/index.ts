export * from './auth/credentials';
export { RegistryClient } from './client';
export {
  type MirrorSettings,
  REGISTRIES_FILE,
  type RegistriesConfig,
  type RegistrySettings,
} from './config/registries';
export type { RetryPolicy } from './http/retry';
export type { RegistryClientOptions } from './options';
