import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { type ErrorCode, TinydError, unnamedErrno } from '@tinyd/core';
import type { HelperReport, ReportStage } from '../plan/report';

/** What a failed stage was about, in words, and the code of its error. */
const STAGES: Readonly<
  Partial<Record<ReportStage, { readonly tried: string; readonly code?: ErrorCode; readonly hint?: string }>>
> = {
  plan: { tried: 'read its plan', code: 'ERR_TINYD_INTERNAL' },
  lock: { tried: 'lock', hint: 'another start of this container is under way; try again' },
  cgroup: {
    tried: 'set up cgroup',
    hint: 'check that the cgroup controller is there and that its values are valid',
  },
  clone: { tried: 'make its namespaces', hint: 'check the limits on processes and namespaces of the host' },
  'network-host': { tried: 'connect it to the bridge', code: 'ERR_TINYD_NETWORK_FAILED' },
  'network-container': { tried: 'set up its network', code: 'ERR_TINYD_NETWORK_FAILED' },
  'network-ports': { tried: 'publish its ports', code: 'ERR_TINYD_NETWORK_FAILED' },
  'port-claim': {
    tried: 'publish',
    code: 'ERR_TINYD_PORT_TAKEN',
    hint: 'choose another host port, or stop what uses it',
  },
  join: { tried: 'join', hint: 'the container has ended meanwhile' },
  rootfs: {
    tried: 'mount its root',
    hint: 'check that the kernel has overlayfs and that the layers are complete',
  },
  mount: { tried: 'mount', code: 'ERR_TINYD_MOUNT_INVALID' },
  device: {
    tried: 'make device',
    code: 'ERR_TINYD_MOUNT_INVALID',
    hint: 'check --device, and /dev in the image',
  },
  pivot: { tried: 'change to its root' },
  hostname: { tried: 'set host name', hint: 'check --hostname and --domainname' },
  sysctl: { tried: 'set sysctl', code: 'ERR_TINYD_OPTION_INVALID', hint: 'check its name and value' },
  rlimit: {
    tried: 'set limit',
    code: 'ERR_TINYD_LIMIT_INVALID',
    hint: 'this host does not allow it: check --ulimit and --oom-score-adj',
  },
  keyring: { tried: 'make a session keyring' },
  cwd: { tried: 'change to working directory', hint: 'check --workdir and the image' },
  user: { tried: 'change to user', hint: 'check --user and --group-add' },
  capabilities: {
    tried: 'set capabilities',
    hint: 'this host does not let tinyd pass on a capability that was asked for; leave it out of --cap-add',
  },
  seccomp: { tried: 'load the seccomp filter', code: 'ERR_TINYD_SECCOMP_INVALID' },
  terminal: { tried: 'open a terminal' },
  log: { tried: 'open log', hint: 'check the disk' },
  socket: { tried: 'open socket' },
};

/** What most often stands in the way of a mount, by errno. */
const MOUNT_HINTS: Readonly<Record<string, string>> = {
  EINVAL: 'a file goes on a file, a folder on a folder',
  ENOTDIR: 'a file goes on a file, a folder on a folder',
  EPERM: 'most of /proc must stay the kernel’s: mount it elsewhere',
  EROFS: 'it lies in a mount that is read-only and has nothing of that name: make it there first',
};

const NOT_EXECUTABLE = new Set<number>([
  constants.errno.EACCES,
  constants.errno.EISDIR,
  constants.errno.ENOEXEC,
  constants.errno.EPERM,
  constants.errno.ETXTBSY,
]);

/** Turns a helper's report of failure into the error that says what to do about it. */
export function startError(report: HelperReport, verb: string, name: string, command: string): TinydError {
  const { stage, errno, operand } = report;
  const details = { stage, errno, operand, container: name };
  const reason = describe(errno);
  if (stage === 'exec') return execError(verb, name, command, errno, details);
  const known = STAGES[stage];
  const tried = known?.tried ?? stage;
  const what = operand === '' ? tried : `${tried} ${operand}`;
  const hint = stage === 'mount' ? MOUNT_HINTS[getSystemErrorName(-errno)] : known?.hint;
  return new TinydError(
    known?.code ?? 'ERR_TINYD_START_FAILED',
    `cannot ${verb} container ${name}: ${what}: ${reason}`,
    {
      ...(hint === undefined ? {} : { hint }),
      details,
    },
  );
}

function execError(
  verb: string,
  name: string,
  command: string,
  errno: number,
  details: Readonly<Record<string, unknown>>,
): TinydError {
  const what = `cannot ${verb} container ${name}: execute ${JSON.stringify(command)}`;
  if (errno === constants.errno.ENOENT || errno === constants.errno.ENOTDIR) {
    const why = command.includes('/') ? 'no such file, or its interpreter is missing' : 'not found in $PATH';
    return new TinydError('ERR_TINYD_COMMAND_NOT_FOUND', `${what}: ${why}`, {
      hint: 'check the spelling and that the image contains the program',
      details,
    });
  }
  if (NOT_EXECUTABLE.has(errno)) {
    return new TinydError('ERR_TINYD_COMMAND_NOT_EXECUTABLE', `${what}: ${describe(errno)}`, {
      hint: 'it must be a file for this architecture with the execute permission',
      details,
    });
  }
  return new TinydError('ERR_TINYD_START_FAILED', `${what}: ${describe(errno)}`, { details });
}

/** Words for an errno: `no such file or directory (ENOENT)`. */
function describe(errno: number): string {
  if (errno === 0) return 'failed';
  const name = unnamedErrno(errno) ?? getSystemErrorName(-errno);
  return WORDS[name] === undefined ? name : `${WORDS[name]} (${name})`;
}

const WORDS: Readonly<Record<string, string>> = {
  E2BIG: 'its arguments and environment are too long',
  EACCES: 'permission denied',
  EADDRINUSE: 'the address is in use',
  EADDRNOTAVAIL: 'this host does not have the address',
  EAGAIN: 'the resource is temporarily unavailable',
  EBUSY: 'busy',
  EDQUOT: 'the disk quota is used up',
  EEXIST: 'it exists already',
  EINVAL: 'the kernel takes it for invalid',
  EISDIR: 'it is a folder',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
  ENODEV: 'no such device or file system',
  ENOENT: 'no such file or folder',
  ENOEXEC: 'exec format error',
  ENOMEM: 'out of memory',
  ENOSPC: 'no space left',
  ENOTDIR: 'not a folder',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
};
