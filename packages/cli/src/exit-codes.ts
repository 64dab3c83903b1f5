import type { ErrorCode } from '@tinyd/core';

/**
 * How a command tells its own failures apart by exit status: `run` keeps 125, 126 and 127 clear of the container's
 * own statuses, `start` (start, exec) does so for all but a container that is not there, `remove` answers like podman's rm and rmi, `plain` is 1 for nearly everything.
 */
export type ExitFamily = 'plain' | 'run' | 'start' | 'remove';

type ExitStatus = Readonly<Record<ExitFamily, number>>;

const OWN: ExitStatus = { plain: 1, run: 125, start: 125, remove: 125 };
const MISSING_OPERAND: ExitStatus = { plain: 1, run: 125, start: 1, remove: 1 };
const BUSY_OPERAND: ExitStatus = { plain: 1, run: 125, start: 125, remove: 2 };
const NOT_A_TERMINAL: ExitStatus = { plain: 1, run: 1, start: 1, remove: 1 };
const NOT_EXECUTABLE: ExitStatus = { plain: 1, run: 126, start: 126, remove: 125 };
const NOT_FOUND: ExitStatus = { plain: 1, run: 127, start: 127, remove: 125 };
const INTERRUPTED: ExitStatus = { plain: 130, run: 130, start: 130, remove: 130 };

/** Exit statuses of every failure. A new code without a row does not compile. */
export const EXIT_CODES = {
  ERR_TINYD_REFERENCE_INVALID: OWN,
  ERR_TINYD_DIGEST_INVALID: OWN,
  ERR_TINYD_PLATFORM_INVALID: OWN,
  ERR_TINYD_PLATFORM_UNAVAILABLE: OWN,
  ERR_TINYD_DOCUMENT_INVALID: OWN,
  ERR_TINYD_SCHEMA1_UNSUPPORTED: OWN,
  ERR_TINYD_NOT_AN_IMAGE: OWN,
  ERR_TINYD_REGISTRY_UNREACHABLE: OWN,
  ERR_TINYD_REGISTRY_TLS: OWN,
  ERR_TINYD_REGISTRY_UNAUTHORIZED: OWN,
  ERR_TINYD_REGISTRY_DENIED: OWN,
  ERR_TINYD_REGISTRY_NOT_FOUND: OWN,
  ERR_TINYD_REGISTRY_RATE_LIMIT: OWN,
  ERR_TINYD_REGISTRY_UNAVAILABLE: OWN,
  ERR_TINYD_REGISTRY_PROTOCOL: OWN,
  ERR_TINYD_REGISTRY_CONFIG: OWN,
  ERR_TINYD_CREDENTIALS: OWN,
  ERR_TINYD_CONTENT_DIGEST: OWN,
  ERR_TINYD_CONTENT_SIZE: OWN,
  ERR_TINYD_CONTENT_CORRUPT: OWN,
  ERR_TINYD_LAYER_INVALID: OWN,
  ERR_TINYD_LAYER_ESCAPE: OWN,
  ERR_TINYD_LAYER_ENCRYPTED: OWN,
  ERR_TINYD_LAYER_COMPRESSION: OWN,
  ERR_TINYD_STORE_INVALID: OWN,
  ERR_TINYD_STORE_SPACE: OWN,
  ERR_TINYD_IMAGE_NOT_FOUND: MISSING_OPERAND,
  ERR_TINYD_IMAGE_AMBIGUOUS: OWN,
  ERR_TINYD_IMAGE_IN_USE: BUSY_OPERAND,
  ERR_TINYD_CONTAINER_NOT_FOUND: MISSING_OPERAND,
  ERR_TINYD_CONTAINER_AMBIGUOUS: OWN,
  ERR_TINYD_CONTAINER_STATE: BUSY_OPERAND,
  ERR_TINYD_NAME_TAKEN: OWN,
  ERR_TINYD_NAME_INVALID: OWN,
  ERR_TINYD_OPTION_INVALID: OWN,
  ERR_TINYD_OPTION_UNSUPPORTED: OWN,
  ERR_TINYD_USER_UNKNOWN: OWN,
  ERR_TINYD_COMMAND_MISSING: OWN,
  ERR_TINYD_COMMAND_NOT_FOUND: NOT_FOUND,
  ERR_TINYD_COMMAND_NOT_EXECUTABLE: NOT_EXECUTABLE,
  ERR_TINYD_MOUNT_INVALID: OWN,
  ERR_TINYD_LIMIT_INVALID: OWN,
  ERR_TINYD_CGROUP_UNAVAILABLE: OWN,
  ERR_TINYD_SECCOMP_INVALID: OWN,
  ERR_TINYD_START_FAILED: OWN,
  ERR_TINYD_COPY_SOURCE: OWN,
  ERR_TINYD_COPY_TARGET: OWN,
  ERR_TINYD_ATTACH_FAILED: OWN,
  ERR_TINYD_PORT_TAKEN: OWN,
  ERR_TINYD_NETWORK_NOT_FOUND: OWN,
  ERR_TINYD_NETWORK_FULL: OWN,
  ERR_TINYD_NETWORK_FAILED: OWN,
  ERR_TINYD_NOT_ROOT: OWN,
  ERR_TINYD_SYSTEM: OWN,
  ERR_TINYD_USAGE: OWN,
  ERR_TINYD_NOT_A_TERMINAL: NOT_A_TERMINAL,
  ERR_TINYD_CANCELLED: INTERRUPTED,
  ERR_TINYD_INTERNAL: OWN,
} as const satisfies Record<ErrorCode, ExitStatus>;

/** The status a command of `family` ends with when it fails by `code`. */
export function exitStatus(code: ErrorCode, family: ExitFamily): number {
  return EXIT_CODES[code][family];
}
