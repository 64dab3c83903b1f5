import { ERROR_CODES, type ErrorCode } from '@tinyd/core';
import { EXIT_CODES } from './exit-codes';

/** What each code means to whoever meets it. A new code without a row does not compile. */
const MEANINGS = {
  ERR_TINYD_REFERENCE_INVALID:
    'The image name cannot be one: upper case in the repository, an empty part, a URL.',
  ERR_TINYD_DIGEST_INVALID: 'A digest is not `sha256:` with 64 or `sha512:` with 128 hexadecimal digits.',
  ERR_TINYD_PLATFORM_INVALID: 'A platform is not `os/architecture` or `os/architecture/variant`.',
  ERR_TINYD_PLATFORM_UNAVAILABLE:
    'The image is not there for the platform; the message lists those on offer.',
  ERR_TINYD_DOCUMENT_INVALID: 'A manifest, index or image config from outside breaks its specification.',
  ERR_TINYD_SCHEMA1_UNSUPPORTED:
    'The registry has the image only in the schema 1 format, which nobody should run any more.',
  ERR_TINYD_NOT_AN_IMAGE:
    'The name stands for an artifact (a chart, a signature, a policy) that is no container image.',
  ERR_TINYD_REGISTRY_UNREACHABLE: 'No connection to the registry: name not found, refused, timed out.',
  ERR_TINYD_REGISTRY_TLS: "The registry's certificate is not trusted, expired, or for another host.",
  ERR_TINYD_REGISTRY_UNAUTHORIZED: 'The registry wants credentials, or refuses those it was given.',
  ERR_TINYD_REGISTRY_DENIED: 'The credentials are good, but do not allow this.',
  ERR_TINYD_REGISTRY_NOT_FOUND: 'The registry has no such repository, tag or digest (or hides it from you).',
  ERR_TINYD_REGISTRY_RATE_LIMIT:
    'The registry counts pulls, and yours are used up; the message tells until when.',
  ERR_TINYD_REGISTRY_UNAVAILABLE:
    'The registry answers with failures of its own, also after several attempts.',
  ERR_TINYD_REGISTRY_PROTOCOL: 'The registry answers with what no registry should.',
  ERR_TINYD_REGISTRY_CONFIG: 'The configuration of registries or mirrors cannot be used.',
  ERR_TINYD_CREDENTIALS: 'Stored credentials, or the helper that keeps them, cannot be read.',
  ERR_TINYD_CONTENT_DIGEST: 'What arrived is not what its digest promises. Nothing of it was kept.',
  ERR_TINYD_CONTENT_SIZE: 'What arrived is longer or shorter than announced. Nothing of it was kept.',
  ERR_TINYD_CONTENT_CORRUPT: 'A stored blob no longer has its digest.',
  ERR_TINYD_ARCHIVE_INVALID:
    'A file given to load or import is no image archive, lacks files, or contradicts itself.',
  ERR_TINYD_LAYER_INVALID: 'A layer is no proper tar archive.',
  ERR_TINYD_LAYER_ESCAPE: 'A layer tries to write outside its folder.',
  ERR_TINYD_LAYER_COMPRESSION: 'A layer is compressed in a way that tinyd cannot read here.',
  ERR_TINYD_LAYER_ENCRYPTED: 'A layer is encrypted, and tinyd has no key for it.',
  ERR_TINYD_STORE_INVALID: 'The root folder is no store, is of a newer version, or lacks files.',
  ERR_TINYD_STORE_SPACE: 'The disk has too little room; told before the first byte where it can be known.',
  ERR_TINYD_IMAGE_NOT_FOUND: 'There is no such image in the store.',
  ERR_TINYD_IMAGE_AMBIGUOUS: 'The ID prefix fits several images; the message lists them.',
  ERR_TINYD_IMAGE_IN_USE: 'A container uses the image, or the image has further names.',
  ERR_TINYD_CONTAINER_NOT_FOUND: 'There is no such container.',
  ERR_TINYD_CONTAINER_AMBIGUOUS: 'The ID prefix fits several containers; the message lists them.',
  ERR_TINYD_CONTAINER_STATE: 'The container runs where it must not, or does not where it must.',
  ERR_TINYD_NAME_TAKEN: 'Another container has the name; the message tells which.',
  ERR_TINYD_NAME_INVALID: 'A container or volume name has characters that names cannot have.',
  ERR_TINYD_OPTION_INVALID: "An option's value cannot be read, or contradicts another.",
  ERR_TINYD_OPTION_UNSUPPORTED:
    'The option is one of docker that tinyd does not have. It is never ignored silently.',
  ERR_TINYD_USER_UNKNOWN: "The user or group is not in the container's /etc/passwd or /etc/group.",
  ERR_TINYD_COMMAND_MISSING: 'Neither the image nor the command line says what to run.',
  ERR_TINYD_COMMAND_NOT_FOUND: 'The program is not in the container.',
  ERR_TINYD_COMMAND_NOT_EXECUTABLE:
    'The program is there and cannot be executed: a folder, no permission, another architecture.',
  ERR_TINYD_MOUNT_INVALID: 'A mount cannot be made: source missing, target not usable.',
  ERR_TINYD_LIMIT_INVALID: 'A limit is below the minimum or contradicts another.',
  ERR_TINYD_QUOTA_UNAVAILABLE:
    'The file system of the root folder cannot limit what a container writes; the message says how to mount it.',
  ERR_TINYD_CGROUP_UNAVAILABLE: 'The host lacks the cgroup controller that a limit needs.',
  ERR_TINYD_SECCOMP_INVALID: 'A seccomp profile cannot be read or compiled.',
  ERR_TINYD_START_FAILED: 'The kernel refused a step of the start; the message names step and operand.',
  ERR_TINYD_COPY_SOURCE: 'What is to be copied is not there, or is no folder where one is meant.',
  ERR_TINYD_COPY_TARGET:
    'The place to copy to is missing, or is a file where a folder is meant, or the other way round.',
  ERR_TINYD_ATTACH_FAILED: "The container's monitor does not answer.",
  ERR_TINYD_VOLUME_NOT_FOUND: 'There is no such volume.',
  ERR_TINYD_VOLUME_IN_USE: 'A container, running or not, mounts the volume; the message names it.',
  ERR_TINYD_PORT_TAKEN: 'The host port is in use; the message names the container or program that has it.',
  ERR_TINYD_ADDRESS_TAKEN: 'The address asked for with `--ip` belongs to another container of the network.',
  ERR_TINYD_SUBNET_TAKEN:
    'The subnet asked for overlaps one of another network, or of this host; the message names it.',
  ERR_TINYD_NETWORK_NOT_FOUND: 'There is no such network.',
  ERR_TINYD_NETWORK_AMBIGUOUS: 'Several network IDs begin with what was given; the message lists them.',
  ERR_TINYD_NETWORK_IN_USE: 'Containers are on the network, or it is one that is always there.',
  ERR_TINYD_NETWORK_FULL: 'The network has no free address left.',
  ERR_TINYD_NETWORK_FAILED: 'The kernel refused to set up bridge, addresses or packet rules.',
  ERR_TINYD_NOT_ROOT: 'The command needs root; the message tells why.',
  ERR_TINYD_SYSTEM: 'A system call failed; the message names it and what it was about.',
  ERR_TINYD_USAGE: 'The command line is wrong: unknown command or flag, arguments missing.',
  ERR_TINYD_NOT_A_TERMINAL: 'A terminal was asked for (`-t`), and standard input is none.',
  ERR_TINYD_CANCELLED: 'Ctrl-C or a signal ended it. What a pull has brought is kept.',
  ERR_TINYD_INTERNAL: 'A defect of tinyd. `TINYD_DEBUG=1` shows where.',
} as const satisfies Record<ErrorCode, string>;

const HEAD = `# Errors

Generated by \`node packages/cli/scripts/errors-doc.mjs\`; edit packages/cli/src/error-reference.ts.

Every failure is one line on standard error: \`tinyd COMMAND: what failed, with what, why (CODE). what to do\`.
Codes are stable: rows are added, never renamed or reused. \`TINYD_DEBUG=1\` or \`--debug\` adds the stack.

\`Again\` tells whether the same command may succeed later without anything being changed. Exit statuses are those of
most commands, of run and create, of start and exec, and of rm and rmi. Otherwise run, start -a, exec and attach end
with the status of the container's process, and 128 + N after signal N.

| code | meaning | again | exit | run, create | start, exec | rm, rmi |
|---|---|---|--:|--:|--:|--:|
`;

/** The text of docs/errors.md. */
export function errorReference(): string {
  const rows = (Object.keys(ERROR_CODES) as ErrorCode[]).map(code => {
    const { plain, run, start, remove } = EXIT_CODES[code];
    const again = ERROR_CODES[code].retryable ? 'yes' : '';
    return `| \`${code}\` | ${MEANINGS[code]} | ${again} | ${plain} | ${run} | ${start} | ${remove} |\n`;
  });
  return HEAD + rows.join('');
}
