export {
  CAPABILITIES,
  type Capability,
  DEFAULT_CAPABILITIES,
  type ResolvedCapabilities,
  resolveCapabilities,
} from './capabilities';
export * from './options';
export { type SeccompResult, seccompFor, seccompFromSpec } from './seccomp/seccomp';
export * from './spec-types';
export { type SpecError, validateSpec } from './validate-spec';
export { resetNetwork } from './network';
