import type { SeccompAction, SeccompArchitecture, SeccompFlag, SeccompOperator } from '../spec-types';

/** Hosts that tinyd has system call tables for, as `process.arch` names them. */
export type HostArchitecture = 'x64' | 'arm64';

/**
 * A seccomp profile as its author wrote it, docker's or OCI's: rules may depend on capabilities, host and kernel.
 * `select.ts` settles these and leaves {@link Rules}.
 */
export interface Profile {
  readonly defaultAction: SeccompAction;
  readonly defaultErrnoRet?: number;
  /** By host: what is filtered there, the host's own architecture first. */
  readonly architectures: Readonly<Record<HostArchitecture, readonly SeccompArchitecture[]>>;
  readonly flags?: readonly SeccompFlag[];
  readonly rules: readonly ProfileRule[];
}

/** One rule and the circumstances in which it holds. */
export interface ProfileRule extends Rule {
  readonly includes?: Circumstances;
  readonly excludes?: Circumstances;
}

/** docker's `includes` and `excludes`. Hosts by docker's names (amd64, arm64); a kernel as `4.8`. */
export interface Circumstances {
  readonly caps?: readonly string[];
  readonly arches?: readonly string[];
  readonly minKernel?: string;
}

/** What is left of a profile in one container: the input of the compiler. */
export interface Rules {
  readonly defaultAction: SeccompAction;
  readonly defaultErrnoRet?: number;
  readonly architectures: readonly SeccompArchitecture[];
  readonly flags?: readonly SeccompFlag[];
  readonly rules: readonly Rule[];
}

/** An action for some calls, if all of `args` hold. */
export interface Rule {
  readonly names: readonly string[];
  readonly action: SeccompAction;
  /** SCMP_ACT_ERRNO: the error number, 1 by default; SCMP_ACT_TRACE: what the tracer is told. */
  readonly errnoRet?: number;
  readonly args?: readonly Condition[];
}

/** A comparison of one argument, unsigned, 64 bits. SCMP_CMP_MASKED_EQ: (argument & value) == valueTwo. */
export interface Condition {
  readonly index: number;
  readonly op: SeccompOperator;
  readonly value: bigint;
  readonly valueTwo: bigint;
}
