import type { ResolvedCapabilities } from '../capabilities';
import type { ProcessPlan } from '../plan/process';
import { rlimitResource, rlimitValue } from '../spec/rlimits';
import type { SpecProcess } from '../spec-types';

/** What a process needs beyond what the specification says of it. */
export interface ProcessExtras {
  readonly masks: ResolvedCapabilities['masks'];
  readonly seccomp?: { readonly filter: Uint8Array; readonly flags: number };
  /** `--init`. */
  readonly init: boolean;
  /** False for a process that joins: it takes the container's session keyring. */
  readonly newSessionKeyring: boolean;
}

/** Lowers the specification's process. */
export function lowerProcess(process: SpecProcess, extras: ProcessExtras): ProcessPlan {
  return {
    argv: process.args,
    env: process.env,
    cwd: process.cwd,
    uid: process.user.uid,
    gid: process.user.gid,
    additionalGids: process.user.additionalGids ?? [],
    umask: process.user.umask ?? 0o022,
    capabilities: extras.masks,
    noNewPrivileges: process.noNewPrivileges ?? false,
    ...(extras.seccomp === undefined ? {} : { seccomp: extras.seccomp }),
    rlimits: (process.rlimits ?? []).map(({ type, soft, hard }) => ({
      resource: rlimitResource(type),
      soft: rlimitValue(soft),
      hard: rlimitValue(hard),
    })),
    ...(process.oomScoreAdj === undefined ? {} : { oomScoreAdj: process.oomScoreAdj }),
    init: extras.init,
    newSessionKeyring: extras.newSessionKeyring,
  };
}
