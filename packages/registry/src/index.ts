export * from './auth/credentials';
export { dockerCredentials } from './auth/docker-credentials';
export { RegistryClient } from './client';
export {
  type MirrorSettings,
  REGISTRIES_FILE,
  type RegistriesConfig,
  type RegistrySettings,
} from './config/registries';
export type { RetryPolicy } from './http/retry';
export type { RegistryClientOptions } from './options';
export type { AccessRules } from './server/access';
export type { ReceivedRequest, RequestTarget } from './server/answer';
export type { ImageContent, ServedBlob, ServedDocument, ServedImage } from './server/content';
export type { Fault } from './server/fault';
export { type ImageSpecification, type LayerSource, makeImage, makeIndex } from './server/image';
export { readLayout } from './server/layout';
export {
  type FaultScript,
  type RegistryServer,
  type RegistryServerOptions,
  serveRegistry,
} from './server/server';
