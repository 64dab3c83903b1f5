/**
 * Every failure tinyd reports, and whether trying the same thing again later can help.
 *
 * Callers switch on these codes; rows are added, never renamed or reused.
 */
export const ERROR_CODES = {
  // references, digests, documents
  ERR_TINYD_REFERENCE_INVALID: { retryable: false },
  ERR_TINYD_DIGEST_INVALID: { retryable: false },
  ERR_TINYD_PLATFORM_INVALID: { retryable: false },
  ERR_TINYD_PLATFORM_UNAVAILABLE: { retryable: false },
  ERR_TINYD_DOCUMENT_INVALID: { retryable: false },
  ERR_TINYD_SCHEMA1_UNSUPPORTED: { retryable: false },
  ERR_TINYD_NOT_AN_IMAGE: { retryable: false },
  // registry
  ERR_TINYD_REGISTRY_UNREACHABLE: { retryable: true },
  ERR_TINYD_REGISTRY_TLS: { retryable: false },
  ERR_TINYD_REGISTRY_UNAUTHORIZED: { retryable: false },
  ERR_TINYD_REGISTRY_DENIED: { retryable: false },
  ERR_TINYD_REGISTRY_NOT_FOUND: { retryable: false },
  ERR_TINYD_REGISTRY_RATE_LIMIT: { retryable: true },
  ERR_TINYD_REGISTRY_UNAVAILABLE: { retryable: true },
  ERR_TINYD_REGISTRY_PROTOCOL: { retryable: false },
  ERR_TINYD_REGISTRY_CONFIG: { retryable: false },
  ERR_TINYD_CREDENTIALS: { retryable: false },
  // content
  ERR_TINYD_CONTENT_DIGEST: { retryable: false },
  ERR_TINYD_CONTENT_SIZE: { retryable: false },
  ERR_TINYD_CONTENT_CORRUPT: { retryable: false },
  ERR_TINYD_ARCHIVE_INVALID: { retryable: false },
  ERR_TINYD_LAYER_INVALID: { retryable: false },
  ERR_TINYD_LAYER_ESCAPE: { retryable: false },
  ERR_TINYD_LAYER_COMPRESSION: { retryable: false },
  ERR_TINYD_LAYER_ENCRYPTED: { retryable: false },
  // store
  ERR_TINYD_STORE_INVALID: { retryable: false },
  ERR_TINYD_STORE_SPACE: { retryable: false },
  ERR_TINYD_IMAGE_NOT_FOUND: { retryable: false },
  ERR_TINYD_IMAGE_AMBIGUOUS: { retryable: false },
  ERR_TINYD_IMAGE_IN_USE: { retryable: false },
  // containers
  ERR_TINYD_CONTAINER_NOT_FOUND: { retryable: false },
  ERR_TINYD_CONTAINER_AMBIGUOUS: { retryable: false },
  ERR_TINYD_CONTAINER_STATE: { retryable: false },
  ERR_TINYD_NAME_TAKEN: { retryable: false },
  ERR_TINYD_NAME_INVALID: { retryable: false },
  ERR_TINYD_OPTION_INVALID: { retryable: false },
  ERR_TINYD_OPTION_UNSUPPORTED: { retryable: false },
  ERR_TINYD_USER_UNKNOWN: { retryable: false },
  ERR_TINYD_COMMAND_MISSING: { retryable: false },
  ERR_TINYD_COMMAND_NOT_FOUND: { retryable: false },
  ERR_TINYD_COMMAND_NOT_EXECUTABLE: { retryable: false },
  ERR_TINYD_MOUNT_INVALID: { retryable: false },
  ERR_TINYD_LIMIT_INVALID: { retryable: false },
  ERR_TINYD_QUOTA_UNAVAILABLE: { retryable: false },
  ERR_TINYD_CGROUP_UNAVAILABLE: { retryable: false },
  ERR_TINYD_SECCOMP_INVALID: { retryable: false },
  ERR_TINYD_START_FAILED: { retryable: false },
  ERR_TINYD_COPY_SOURCE: { retryable: false },
  ERR_TINYD_COPY_TARGET: { retryable: false },
  ERR_TINYD_ATTACH_FAILED: { retryable: false },
  ERR_TINYD_VOLUME_NOT_FOUND: { retryable: false },
  ERR_TINYD_VOLUME_IN_USE: { retryable: false },
  // network
  ERR_TINYD_PORT_TAKEN: { retryable: true },
  ERR_TINYD_ADDRESS_TAKEN: { retryable: true },
  ERR_TINYD_SUBNET_TAKEN: { retryable: false },
  ERR_TINYD_NETWORK_NOT_FOUND: { retryable: false },
  ERR_TINYD_NETWORK_AMBIGUOUS: { retryable: false },
  ERR_TINYD_NETWORK_IN_USE: { retryable: false },
  ERR_TINYD_NETWORK_FULL: { retryable: true },
  ERR_TINYD_NETWORK_FAILED: { retryable: false },
  // host
  ERR_TINYD_NOT_ROOT: { retryable: false },
  ERR_TINYD_SYSTEM: { retryable: false },
  ERR_TINYD_USAGE: { retryable: false },
  ERR_TINYD_NOT_A_TERMINAL: { retryable: false },
  ERR_TINYD_CANCELLED: { retryable: true },
  ERR_TINYD_INTERNAL: { retryable: false },
} as const satisfies Record<`ERR_TINYD_${string}`, { readonly retryable: boolean }>;

/** One of the stable codes in {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;
